import DataPlaneCore
import FoundationEssentials
import PostgresKit

/// Reads the catalogue in one transaction, with an empty search path.
struct CatalogLoader {
    /// Time for one of the reads.
    static let readDeadline: Duration = .seconds(60)

    let pool: PostgresPool
    let configuration: RestConfiguration

    func load() async throws -> SchemaCache {
        let catalog = try await pool.transaction(isolation: .repeatableRead, retries: 1) { transaction in
            try await transaction.executeScript("SET LOCAL search_path = ''; SET LOCAL transaction_read_only = on")
            let schemas = PostgresParameter.textArray(configuration.schemas)
            let hoisted = PostgresParameter.textArray(configuration.hoistedSettings)
            let extra = PostgresParameter.textArray(configuration.extraSearchPath)
            var catalog = Catalog()
            catalog.tables = try await read(CatalogQueries.tables, [schemas], in: transaction)
            catalog.keys = try await read(CatalogQueries.keys, [], in: transaction)
            catalog.relations = try await read(CatalogQueries.relations, [schemas], in: transaction)
            catalog.functions = try await read(CatalogQueries.functions, [schemas, hoisted], in: transaction)
            catalog.casts = try await read(CatalogQueries.casts, [schemas], in: transaction)
            catalog.handlers = try await read(CatalogQueries.handlers, [schemas, extra], in: transaction)
            catalog.roles = try await read(CatalogQueries.roles, [schemas], in: transaction)
            return catalog
        }
        return SchemaCacheBuilder.build(catalog)
    }

    private func read<Value: Decodable & Sendable>(
        _ sql: String, _ parameters: [PostgresParameter], in transaction: PostgresTransaction
    ) async throws -> [Value] {
        let rows = try await transaction.query(sql, parameters, deadline: Self.readDeadline)
        let text = try rows.first?.string("catalogue") ?? "[]"
        return try JSONDecoder().decode([Value].self, from: Data(text.utf8))
    }
}
