import FoundationEssentials
import Orchestrator
import ProjectModel

/// Measures one project.
protocol UsageProbe: Sendable {
    /// What a running project holds; nothing when it cannot be asked.
    func sizes(of record: ProjectRecord, in period: UsagePeriod) async -> ProjectSizes?
}

/// Measures by one read-only query on the project's database.
struct DatabaseUsageProbe: UsageProbe {
    /// Runs SQL on a project's database; throws whatever keeps it from answering.
    let run: @Sendable (ProjectQueryText, ProjectRecord) async throws -> QueryAnswer

    func sizes(of record: ProjectRecord, in period: UsagePeriod) async -> ProjectSizes? {
        guard let answer = try? await run(Self.query(period), record) else { return nil }
        return Self.sizes(answer.json)
    }

    /// Storage and auth may be missing, as a project need not have these services. A query that names a missing table
    /// fails as a whole, so the two are asked through `query_to_xml`, which looks at its text only when it runs.
    static func query(_ period: UsagePeriod) -> ProjectQueryText {
        let objects = number("storage.objects", "coalesce(sum((metadata->>''size'')::bigint), 0)", "")
        let signedIn =
            "where last_sign_in_at >= ''\(period.start.rfc3339)'' and last_sign_in_at < ''\(period.end.rfc3339)''"
        let users = number("auth.users", "count(*)", signedIn)
        return ProjectQueryText(
            sql: """
                select (select sum(pg_database_size(oid))::bigint from pg_database
                        where has_database_privilege(oid, 'CONNECT')) as database_bytes,
                    \(objects) as storage_bytes, \(users) as active_users
                """, isReadOnly: true, applicationName: "supamanager/usage")
    }

    private static func number(_ table: String, _ value: String, _ condition: String) -> String {
        """
        case when to_regclass('\(table)') is null then 0 else
            (xpath('/row/n/text()', query_to_xml('select \(value) as n from \(table) \(condition)', false, true, '')
            ))[1]::text::bigint end
        """
    }

    private struct Row: Decodable {
        let databaseBytes: Count?
        let storageBytes: Count?
        let activeUsers: Count?

        enum CodingKeys: String, CodingKey {
            case databaseBytes = "database_bytes"
            case storageBytes = "storage_bytes"
            case activeUsers = "active_users"
        }
    }

    /// A whole number, which comes as text where a JSON number could not hold it.
    private struct Count: Decodable {
        let value: Int64

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int64.self) {
                value = number
            } else {
                value = Int64(try container.decode(String.self)) ?? 0
            }
        }
    }

    static func sizes(_ json: [UInt8]) -> ProjectSizes? {
        guard let row = try? JSONDecoder().decode([Row].self, from: Data(json)).first else { return nil }
        return ProjectSizes(
            databaseBytes: row.databaseBytes?.value ?? 0, storageBytes: row.storageBytes?.value ?? 0,
            activeUsers: row.activeUsers?.value ?? 0)
    }
}
