import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the tables `project_settings`, `project_former_settings` and `project_function_secrets`. Only sealed bytes
/// pass here.
enum SettingRows {
    static func settings(_ ref: ProjectRef, in session: some PostgresSession) async throws -> [String: [UInt8]] {
        let rows = try await session.query(
            "select name, sealed from project_settings where ref = $1", [.text(ref.text)])
        return Dictionary(try rows.map { (try $0.string("name"), try $0.bytes("sealed")) }) { first, _ in first }
    }

    static func functionSecrets(
        _ ref: ProjectRef, in session: some PostgresSession
    ) async throws -> [String: StoredFunctionSecret] {
        let rows = try await session.query(
            "select name, sealed, updated_at from project_function_secrets where ref = $1", [.text(ref.text)])
        let secrets = try rows.map { row in
            (
                try row.string("name"),
                StoredFunctionSecret(
                    sealed: try row.bytes("sealed"), updatedAt: Timestamp(try row.timestamp("updated_at")))
            )
        }
        return Dictionary(secrets) { first, _ in first }
    }

    static func save(
        settings: [String: [UInt8]?], of ref: ProjectRef, in session: some PostgresSession
    ) async throws {
        for (name, sealed) in settings.sorted(by: { $0.key < $1.key }) {
            guard let sealed else {
                _ = try await session.execute(
                    "delete from project_settings where ref = $1 and name = $2", [.text(ref.text), .text(name)])
                continue
            }
            _ = try await session.execute(
                """
                insert into project_settings (ref, name, sealed) values ($1, $2, $3)
                on conflict (ref, name) do update set sealed = excluded.sealed
                """,
                [.text(ref.text), .text(name), .bytes(sealed)])
        }
    }

    static func save(
        functionSecrets: [String: StoredFunctionSecret?], of ref: ProjectRef, in session: some PostgresSession
    ) async throws {
        for (name, secret) in functionSecrets.sorted(by: { $0.key < $1.key }) {
            guard let secret else {
                _ = try await session.execute(
                    "delete from project_function_secrets where ref = $1 and name = $2",
                    [.text(ref.text), .text(name)])
                continue
            }
            _ = try await session.execute(
                """
                insert into project_function_secrets (ref, name, sealed, updated_at) values ($1, $2, $3, $4)
                on conflict (ref, name) do update set sealed = excluded.sealed, updated_at = excluded.updated_at
                """,
                [.text(ref.text), .text(name), .bytes(secret.sealed), .timestamp(secret.updatedAt.postgres)])
        }
    }

    /// Keeps what settings are now, before a trial replaces them.
    static func keepFormer(_ names: [String], of ref: ProjectRef, in session: some PostgresSession) async throws {
        try await session.execute(
            """
            insert into project_former_settings (ref, name, sealed)
            select $1, changed.name, s.sealed from unnest($2::text[]) as changed (name)
                left join project_settings s on s.ref = $1 and s.name = changed.name
            """,
            [.text(ref.text), .textArray(names)])
    }

    /// Ends a trial with a transition from RESTARTING: what it replaced is put back, as a change of the configuration,
    /// or forgotten.
    static func endTrial(_ transition: StatusTransition, of ref: ProjectRef, in session: some PostgresSession)
        async throws
    {
        guard transition.from == .restarting else { return }
        let parameter: [PostgresParameter] = [.text(ref.text)]
        if transition.restoresSettings {
            try await session.execute(
                """
                delete from project_settings s using project_former_settings f
                where s.ref = $1 and f.ref = $1 and f.name = s.name and f.sealed is null
                """, parameter)
            try await session.execute(
                """
                insert into project_settings (ref, name, sealed)
                select ref, name, sealed from project_former_settings where ref = $1 and sealed is not null
                on conflict (ref, name) do update set sealed = excluded.sealed
                """, parameter)
            try await session.execute(
                "update projects set configuration_revision = configuration_revision + 1 where ref = $1", parameter)
        }
        try await session.execute("delete from project_former_settings where ref = $1", parameter)
    }

    static func delete(_ ref: ProjectRef, in session: some PostgresSession) async throws {
        for table in ["project_settings", "project_former_settings", "project_function_secrets"] {
            _ = try await session.execute("delete from \(table) where ref = $1", [.text(ref.text)])
        }
    }
}
