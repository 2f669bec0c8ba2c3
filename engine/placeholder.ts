/**
 * What stands in for secrets in a preview. A reviewer cannot decrypt the committed ones, and the engine does not start without
 * values that it can decrypt. There is nothing to hide here, so passphrase, salt and the one sealed value are constants, made once
 * in Pulumi's own format (PBKDF2-SHA256, a million rounds, AES-256-GCM; pulumi/pulumi, sdk/go/common/resource/config/crypt.go):
 * making them anew would cost each preview most of a second. A test has the real engine open them.
 */
export const placeholder = {
  passphrase: "preview",
  /** `encryptionsalt` of a stack file under that passphrase. */
  salt: "v1:uGMEJrt1Dr4=:v1:iSCF/OklXKSzVkkh:BHkZhJeA0UeaZCsv5eDAaIjFXQdKTA==",
  /** Plain on purpose: found at once if a secret ever reached an output. */
  value: "placeholder-for-preview-only",
  /** `value`, sealed. */
  sealed: "v1:LDb+89UK5Mdgow9h:ErFyMzmp2I48DgXPCRZSLKVU4v6UFSINiFguqD4rdylC2FUlkjjGbhOMk+s=",
} as const;
