import APIKit
import FeatureKit
import FoundationEssentials
import Orchestrator
import ProjectModel

/// Measures one project.
protocol UsageProbe: Sendable {
    /// What a running project holds; throws what keeps it from being asked.
    func sizes(of record: ProjectRecord, in period: UsagePeriod) async throws -> ProjectSizes
}

/// The database answered something else than the sizes that it was asked for.
struct UsageAnswerError: Error, CustomStringConvertible {
    var description: String { "the database did not answer the query for the sizes with one row of whole numbers" }
}

/// Measures by one read-only query on the project's database.
struct DatabaseUsageProbe: UsageProbe {
    /// Runs SQL on a project's database; throws the reason when there is no response.
    let run: @Sendable (ProjectQueryText, ProjectRecord) async throws -> QueryAnswer

    func sizes(of record: ProjectRecord, in period: UsagePeriod) async throws -> ProjectSizes {
        try Self.sizes(try await run(Self.query(period), record).json)
    }

    /// Storage and auth may be missing, as a project need not have these services. A query that names a missing table
    /// fails as a whole, so the two are asked through `query_to_xml`, which parses its text only when it runs.
    static func query(_ period: UsagePeriod) -> ProjectQueryText {
        let objects = number("storage.objects", value: "coalesce(sum((metadata->>''size'')::bigint), 0)", condition: "")
        let signedIn =
            "where last_sign_in_at >= ''\(period.start.rfc3339)'' and last_sign_in_at < ''\(period.end.rfc3339)''"
        let users = number("auth.users", value: "count(*)", condition: signedIn)
        return ProjectQueryText(
            sql: """
                select (select sum(pg_database_size(oid))::bigint from pg_database
                        where has_database_privilege(oid, 'CONNECT')) as database_bytes,
                    \(objects) as storage_bytes, \(users) as active_users
                """, isReadOnly: true, applicationName: "supamanager/usage")
    }

    private static func number(_ table: String, value: String, condition: String) -> String {
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
            do { value = try container.decode(Int64.self) } catch DecodingError.typeMismatch {
                guard let number = Int64(try container.decode(String.self)) else { throw UsageAnswerError() }
                value = number
            }
        }
    }

    /// The sizes in an answer; a column without a value is unknown.
    static func sizes(_ json: [UInt8]) throws(UsageAnswerError) -> ProjectSizes {
        let rows: [Row]
        do { rows = try JSONDecoder().decode([Row].self, from: Data(json)) } catch { throw UsageAnswerError() }
        guard let row = rows.first else { throw UsageAnswerError() }
        return ProjectSizes(
            databaseBytes: row.databaseBytes?.value, storageBytes: row.storageBytes?.value,
            activeUsers: row.activeUsers?.value)
    }
}
