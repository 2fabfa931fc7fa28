extension DatabaseSchema {
    /// The key that signs access tokens, sealed under the master key.
    static let signingKey = Migration(
        number: 9, name: "signing key",
        sql: "alter table installation add column if not exists signing_key bytea")
}
