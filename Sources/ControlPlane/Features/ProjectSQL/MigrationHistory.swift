public import Orchestrator

/// The SQL of a project's migration history, `supabase_migrations.schema_migrations`, which the command line reads too.
public enum MigrationHistory {
    /// One migration to record.
    public struct Migration: Sendable, Equatable {
        /// Digits, usually a time as `YYYYMMDDhhmmss`.
        public var version: String
        /// The name; nil for none.
        public var name: String?
        /// What it does.
        public var query: String
        /// What takes it back; nil if that is not known.
        public var rollback: String?
        /// Its author.
        public var createdBy: String?
        /// The caller's key; the table refuses a second migration with the same one.
        public var idempotencyKey: String?

        public init(
            version: String, name: String? = nil, query: String, rollback: String? = nil, createdBy: String? = nil,
            idempotencyKey: String? = nil
        ) {
            self.version = version
            self.name = name
            self.query = query
            self.rollback = rollback
            self.createdBy = createdBy
            self.idempotencyKey = idempotencyKey
        }
    }

    /// Rows of `version` and `name`, oldest first. Fails with ``isMissing(_:)`` where nothing was ever recorded.
    public static func list() -> ProjectQueryText {
        // Through jsonb, because tables of older tools lack some columns.
        ProjectQueryText(
            sql: "select m.version, to_jsonb(m) ->> 'name' as name from \(table) m order by m.version collate \"C\"",
            isReadOnly: true)
    }

    /// At most one row with all columns; NULL where there is nothing.
    public static func get(version: String) -> ProjectQueryText {
        ProjectQueryText(
            sql: """
                select m.version, j ->> 'name' as name, j -> 'statements' as statements, j -> 'rollback' as rollback,
                    j ->> 'created_by' as created_by, j ->> 'idempotency_key' as idempotency_key
                from \(table) m, lateral to_jsonb(m) j where m.version = $1
                """,
            parameters: [.string(version)], isReadOnly: true)
    }

    /// Whether a failed query means that the project has no history yet.
    public static func isMissing(_ failure: QueryFailure) -> Bool {
        failure.code == "42P01" || failure.code == "3F000"
    }

    /// Runs a migration and records it, both or neither.
    ///
    /// The record is written first: the migration may leave the session with another role or search path.
    public static func apply(_ migration: Migration) throws(ProjectDatabaseError) -> ProjectQueryText {
        ProjectQueryText(
            sql: """
                begin;
                \(preparation)
                \(try insertion(migration));
                \(migration.query)
                ;
                commit;
                """)
    }

    /// Records a migration that has been run elsewhere, or changes its record.
    public static func record(_ migration: Migration) throws(ProjectDatabaseError) -> ProjectQueryText {
        ProjectQueryText(
            sql: """
                begin;
                \(preparation)
                \(try insertion(migration))
                on conflict (version) do update set statements = excluded.statements,
                    name = coalesce(excluded.name, schema_migrations.name),
                    rollback = coalesce(excluded.rollback, schema_migrations.rollback),
                    idempotency_key = coalesce(excluded.idempotency_key, schema_migrations.idempotency_key);
                commit;
                """)
    }

    /// Changes name and rollback of a record, those that are given. The answer has a row if there is such a version.
    public static func update(
        version: String, name: String?, rollback: String?
    ) throws(ProjectDatabaseError) -> ProjectQueryText {
        let script = try rollback.map { script throws(ProjectDatabaseError) in "array[\(try SQLText.literal(script))]" }
        return ProjectQueryText(
            sql: """
                begin;
                \(preparation)
                update \(table) set name = coalesce(\(try SQLText.optional(name)), name),
                    rollback = coalesce(\(script ?? "null")::text[], rollback)
                where version = \(try SQLText.literal(version)) returning version;
                commit;
                """)
    }

    /// Takes back every migration from `version` on, latest first, and removes their records; all or none.
    ///
    /// A migration without a rollback script fails the whole: a history that says less than what is in the database
    /// would be wrong for every tool that reads it.
    public static func rollBack(from version: String) throws(ProjectDatabaseError) -> ProjectQueryText {
        let body = """
            declare
                migration record;
                script text;
            begin
                for migration in select m.version, to_jsonb(m) as entry, m.rollback from \(table) m
                    where m.version collate "C" >= \(try SQLText.literal(version)) order by m.version collate "C" desc
                loop
                    if coalesce(cardinality(migration.rollback), 0) = 0 then
                        raise exception 'migration % has no rollback script', migration.version
                            using hint = 'Give it one, or take the changes back with a new migration.';
                    end if;
                    foreach script in array migration.rollback loop
                        execute script;
                    end loop;
                    delete from \(table) m where m.version = migration.version;
                end loop;
            end
            """
        return ProjectQueryText(sql: "begin;\n\(preparation)\ndo \(try SQLText.literal(body));\ncommit;")
    }

    private static let table = "supabase_migrations.schema_migrations"

    /// The table as the command line makes it, with the columns that it may lack.
    private static let preparation = """
        create schema if not exists supabase_migrations;
        create table if not exists \(table) (version text not null primary key);
        alter table \(table) add column if not exists statements text[], add column if not exists name text,
            add column if not exists created_by text, add column if not exists idempotency_key text,
            add column if not exists rollback text[];
        create unique index if not exists schema_migrations_idempotency_key_key on \(table) (idempotency_key);
        """

    private static func insertion(_ migration: Migration) throws(ProjectDatabaseError) -> String {
        let rollback = try migration.rollback.map { script throws(ProjectDatabaseError) in
            "array[\(try SQLText.literal(script))]"
        }
        return """
            insert into \(table) (version, name, statements, rollback, created_by, idempotency_key)
            values (\(try SQLText.literal(migration.version)), \(try SQLText.optional(migration.name)),
                array[\(try SQLText.literal(migration.query))], \(rollback ?? "null"),
                \(try SQLText.optional(migration.createdBy)), \(try SQLText.optional(migration.idempotencyKey)))
            """
    }
}
