extension DatabaseSchema {
    /// The manager's signature of each audit trail's head. Earlier heads have none until their next entry.
    static let auditSignatures = Migration(
        number: 17, name: "audit signatures",
        sql: "alter table audit_heads add column if not exists signature bytea")

    /// Plain digests of function secrets reveal short values to every reader of the database. Nothing needs them: they
    /// are computed from the sealed values where they are shown.
    static let secretDigests = Migration(
        number: 18, name: "secret digests",
        sql: "alter table project_function_secrets drop column if exists digest")

    /// Digests of requests are keyed. Earlier ones are plain, and an earlier manager writes plain ones.
    static let keyedPayloads = Migration(
        number: 20, name: "keyed payloads",
        sql: "alter table idempotency_keys add column if not exists is_keyed boolean not null default false")
}
