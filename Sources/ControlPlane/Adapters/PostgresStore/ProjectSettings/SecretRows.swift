import Orchestrator
import PostgresKit
import ProjectModel
import TokenKit

/// SQL of the table `project_secrets`, and of the wrapped key in `projects`. Only sealed bytes pass here.
enum SecretRows {
    static func insert(
        _ secrets: SealedSecrets, of ref: ProjectRef, in session: some PostgresSession
    ) async throws {
        // All in one statement: creations of the same organization wait for each other.
        let sorted = secrets.values.sorted { $0.key < $1.key }
        _ = try await session.execute(
            """
            insert into project_secrets (ref, name, sealed)
            select $1, name, decode(sealed, 'hex') from unnest($2::text[], $3::text[]) as secret (name, sealed)
            """,
            [.text(ref.text), .textArray(sorted.map(\.key)), .textArray(sorted.map { Hex.encode($0.value) })])
    }

    static func select(_ ref: ProjectRef, in session: some PostgresSession) async throws -> SealedSecrets? {
        let key = try await session.first("select wrapped_key from projects where ref = $1", [.text(ref.text)])
        guard let wrapped = try key?.optionalBytes("wrapped_key") else { return nil }
        let rows = try await session.query(
            "select name, sealed from project_secrets where ref = $1", [.text(ref.text)])
        let values = try rows.map { (try $0.string("name"), try $0.bytes("sealed")) }
        return SealedSecrets(wrappedKey: wrapped, values: Dictionary(values) { first, _ in first })
    }

    /// Puts other values in the place of secrets, or adds some.
    static func replace(
        _ secrets: [String: [UInt8]], of ref: ProjectRef, in session: some PostgresSession
    ) async throws {
        for (name, sealed) in secrets.sorted(by: { $0.key < $1.key }) {
            _ = try await session.execute(
                """
                insert into project_secrets (ref, name, sealed) values ($1, $2, $3)
                on conflict (ref, name) do update set sealed = excluded.sealed
                """,
                [.text(ref.text), .text(name), .bytes(sealed)])
        }
    }

    /// Destroys the secrets for good: without the wrapped key even a copy of the rows is worth nothing.
    static func delete(_ ref: ProjectRef, in session: some PostgresSession) async throws {
        _ = try await session.execute("delete from project_secrets where ref = $1", [.text(ref.text)])
        _ = try await session.execute("update projects set wrapped_key = null where ref = $1", [.text(ref.text)])
    }
}
