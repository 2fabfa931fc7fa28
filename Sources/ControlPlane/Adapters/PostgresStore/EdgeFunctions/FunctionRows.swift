import FunctionModel
import Orchestrator
import PostgresKit
import ProjectModel

/// SQL of the tables `project_functions` and `project_function_files`.
enum FunctionRows {
    // MARK: Reading

    static func select(of ref: ProjectRef, in session: some PostgresSession) async throws -> [EdgeFunction] {
        try await session.query(
            "select * from project_functions where ref = $1 and stage = 'live' order by slug", [.text(ref.text)]
        ).map { try function($0) }
    }

    /// In one statement, so that function and files belong together under concurrent deployments.
    static func select(
        _ slug: String, of ref: ProjectRef, in session: some PostgresSession
    ) async throws -> DeployedFunction? {
        let rows = try await session.query(
            """
            select f.*, x.path, x.bytes from project_functions f
            join project_function_files x using (ref, slug, stage)
            where ref = $1 and slug = $2 and stage = 'live' order by x.path
            """, [.text(ref.text), .text(slug)])
        guard let first = rows.first else { return nil }
        return DeployedFunction(
            try function(first),
            files: try rows.map { FunctionFile(path: try $0.string("path"), bytes: try $0.bytes("bytes")) })
    }

    static func select(
        _ slug: String, _ stage: FunctionStage, of ref: ProjectRef, in session: some PostgresSession
    ) async throws -> EdgeFunction? {
        try await session.first(
            "select * from project_functions where ref = $1 and slug = $2 and stage = $3",
            [.text(ref.text), .text(slug), .text(stage.rawValue)]
        ).map { try function($0) }
    }

    static func paths(
        _ slug: String, _ stage: FunctionStage, of ref: ProjectRef, in session: some PostgresSession
    ) async throws -> Set<String> {
        let rows = try await session.query(
            "select path from project_function_files where ref = $1 and slug = $2 and stage = $3",
            [.text(ref.text), .text(slug), .text(stage.rawValue)])
        return Set(try rows.map { try $0.string("path") })
    }

    /// What the project holds besides `stages` of the function `slug`, which itself is not counted.
    static func use(
        of ref: ProjectRef, without slug: String, _ stages: [FunctionStage], in session: some PostgresSession
    ) async throws -> FunctionUse {
        let row = try await session.single(
            """
            select
                (select count(distinct slug) from project_functions where ref = $1 and slug <> $2) as functions,
                (select coalesce(sum(length(bytes)), 0)::bigint from project_function_files
                    where ref = $1 and not (slug = $2 and stage = any($3::text[]))) as bytes
            """, [.text(ref.text), .text(slug), .textArray(stages.map(\.rawValue))])
        return FunctionUse(functions: try row.int("functions"), bytes: try row.int("bytes"))
    }

    // MARK: Writing

    /// Serialises changes of one project's functions, and keeps the project from being deleted meanwhile.
    static func lock(_ ref: ProjectRef, in session: some PostgresSession) async throws {
        try await session.query(
            "select pg_advisory_xact_lock(hashtextextended('functions of ' || $1, 0))", [.text(ref.text)])
        let row = try await session.first("select status from projects where ref = $1 for share", [.text(ref.text)])
        guard let row, try row.string("status") != ProjectStatus.deleted.rawValue else {
            throw FunctionError.noProject(ref)
        }
    }

    static func insert(
        _ function: EdgeFunction, as stage: FunctionStage, files: [FunctionFile], in session: some PostgresSession
    ) async throws {
        try await session.execute(
            """
            insert into project_functions (ref, slug, stage, id, name, status, version, verify_jwt, entrypoint_path,
                import_map_path, sha256, created_at, updated_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
            """,
            [
                .text(function.ref.text), .text(function.slug), .text(stage.rawValue), .text(function.id),
                .text(function.name), .text(function.status.rawValue), .int(function.version),
                .bool(function.verifyJWT), .text(function.entrypointPath), .optional(function.importMapPath),
                .text(function.sha256), .timestamp(function.createdAt.postgres),
                .timestamp(function.updatedAt.postgres),
            ])
        for file in files {
            try await session.execute(
                "insert into project_function_files (ref, slug, stage, path, bytes) values ($1, $2, $3, $4, $5)",
                [
                    .text(function.ref.text), .text(function.slug), .text(stage.rawValue), .text(file.path),
                    .bytes(file.bytes),
                ])
        }
    }

    /// Applies a change; a bundle that goes live takes its files with it.
    static func update(_ change: FunctionChange, in session: some PostgresSession) async throws {
        let function = change.function
        if change.from == .bundle { try await delete(function.slug, [.live], of: function.ref, in: session) }
        try await session.execute(
            """
            update project_functions set stage = 'live', name = $4, verify_jwt = $5, entrypoint_path = $6,
                import_map_path = $7, updated_at = $8
            where ref = $1 and slug = $2 and stage = $3
            """,
            [
                .text(function.ref.text), .text(function.slug), .text(change.from.rawValue), .text(function.name),
                .bool(function.verifyJWT), .text(function.entrypointPath), .optional(function.importMapPath),
                .timestamp(function.updatedAt.postgres),
            ])
    }

    /// Deletes stages of a function with their files, and says whether what runs was among them.
    @discardableResult
    static func delete(
        _ slug: String, _ stages: [FunctionStage], of ref: ProjectRef, in session: some PostgresSession
    ) async throws -> Bool {
        let rows = try await session.query(
            "delete from project_functions where ref = $1 and slug = $2 and stage = any($3::text[]) returning stage",
            [.text(ref.text), .text(slug), .textArray(stages.map(\.rawValue))])
        return try rows.contains { try $0.string("stage") == FunctionStage.live.rawValue }
    }

    /// Deletes the functions of a project.
    static func forget(_ ref: ProjectRef, in session: some PostgresSession) async throws {
        try await session.execute("delete from project_functions where ref = $1", [.text(ref.text)])
    }

    private static func function(_ row: PostgresRow) throws -> EdgeFunction {
        guard let ref = ProjectRef(try row.string("ref")),
            let status = FunctionStatus(rawValue: try row.string("status"))
        else { throw StoreError.refused("a function has an unknown status") }
        return EdgeFunction(
            id: try row.string("id"), ref: ref, slug: try row.string("slug"), name: try row.string("name"),
            status: status, version: try row.int("version"), verifyJWT: try row.bool("verify_jwt"),
            entrypointPath: try row.string("entrypoint_path"),
            importMapPath: try row.optionalString("import_map_path"), sha256: try row.string("sha256"),
            createdAt: Timestamp(try row.timestamp("created_at")),
            updatedAt: Timestamp(try row.timestamp("updated_at")))
    }
}
