public import Orchestrator
public import PostgresKit
public import ProjectModel

/// Template versions in PostgreSQL.
public struct PostgresTemplateStore: TemplateVersionStore {
    private let pool: PostgresPool

    /// A store on a pool whose database has been migrated.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Inserts a version with its files, unless it is there.
    public func save(_ content: TemplateContent) async throws(StoreError) {
        try await transaction { transaction in
            let inserted = try await transaction.execute(
                "insert into template_versions (digest) values ($1) on conflict do nothing",
                [.text(content.digest.text)])
            guard inserted == 1 else { return }
            for (path, bytes) in content.files.sorted(by: { $0.key < $1.key }) {
                _ = try await transaction.execute(
                    "insert into template_files (digest, path, content) values ($1, $2, $3)",
                    [.text(content.digest.text), .text(path), .bytes(bytes)])
            }
        }
    }

    /// Selects a version's files.
    public func content(of digest: TemplateDigest) async throws(StoreError) -> TemplateContent? {
        try await transaction { transaction in
            let rows = try await transaction.query(
                "select path, content from template_files where digest = $1", [.text(digest.text)])
            guard !rows.isEmpty else { return nil }
            let files = try rows.map { (try $0.string("path"), try $0.bytes("content")) }
            return TemplateContent(digest: digest, files: Dictionary(files) { first, _ in first })
        }
    }

    /// Deletes versions that no project refers to.
    public func removeUnused(
        keeping installed: Set<TemplateDigest>
    ) async throws(StoreError) -> Set<TemplateDigest> {
        try await transaction { transaction in
            let rows = try await transaction.query(
                """
                delete from template_versions v
                where v.digest <> all($1::text[])
                    and not exists (select from projects p where v.digest in (p.template_digest, p.upgrade_digest))
                returning v.digest
                """, [.textArray(installed.map(\.text))])
            return Set(try rows.compactMap { TemplateDigest(try $0.string("digest")) })
        }
    }

    private func transaction<Value: Sendable>(
        _ body: @Sendable @escaping (PostgresTransaction) async throws -> Value
    ) async throws(StoreError) -> Value {
        do { return try await AmbientTransaction.run(on: pool, body) } catch {
            throw PostgresProjectStore.storeError(error)
        }
    }
}
