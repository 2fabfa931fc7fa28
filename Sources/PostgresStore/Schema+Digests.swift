extension Schema {
    /// The manager's signature of each audit trail's head. Heads of before have none until their next entry.
    static let auditSignatures = Migration(
        number: 17, name: "audit signatures",
        sql: "alter table audit_heads add column if not exists signature bytea")
}
