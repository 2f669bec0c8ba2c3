/**
 * What data is closed with, by its key in the stack file: name (of the Secret, and of the password in Pulumi's state) and field in the
 * Secret. Who loses one loses data.
 */
export const lasting = {
  sitesSeed: { name: "sites-seed", field: "seed" },
  databaseAdminPassword: { name: "database-admin", field: "password" },
  backupPassword: { name: "backup-password", field: "password" },
} as const;
