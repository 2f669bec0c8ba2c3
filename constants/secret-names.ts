/**
 * Names of variables and settings that hold a secret, in capitals with underscores. The last word decides: TOKEN_ISSUER, PASSWORD_FILE
 * and SECRET_BACKEND say something about a secret and hold none. Written together with a prefix counts (PGPASSWORD), but for words
 * that others end in (BYPASS); PWD by itself is a shell's folder, and a KEY by itself is as often one to sort or divide by.
 */
export const secretName =
  /(?:PASSWORD|PASSWD|PASSPHRASE|TOKEN|SECRET|PGPASS|_PWD)$|(?:^|_)(?:PASS|DSN|CREDENTIALS?|(?:API|ACCESS|SECRET|PRIVATE|SIGNING|ENCRYPTION|MASTER)_?KEY)$/;
