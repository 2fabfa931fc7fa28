public import PostgresKit

extension PostgresPool {
    /// Organizations for projects to belong to; each is named as its slug.
    public func insertOrganizations(_ slugs: [String]) async throws {
        for slug in slugs {
            try await execute(
                "insert into organizations (slug, name, inserted_at) values ($1, $1, now())", [.text(slug)])
        }
    }
}
