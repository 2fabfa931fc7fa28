import EmbeddedPostgres
import Orchestrator
import PostgresKit
import PostgresTestSupport
import SettingTables
import Testing

extension Databases {
    @Suite("Bounds of PostgreSQL's settings")
    struct Settings {
        @Test("every quantity and number that the API takes is one that the server takes: unit and bounds are its own")
        func bounds() async throws {
            let connection = try await PostgresConnection.connect(try ProjectCluster.running.cluster.parameters)
            for setting in StackSettings.postgres.settings {
                let row = try await connection.single(
                    "select coalesce(unit, '') as unit, min_val::float8::int8 as least, max_val::float8::int8 as most "
                        + "from pg_settings where name = $1", [.text(setting.key)])
                let range: ClosedRange<Int64>
                switch setting.form {
                case .quantity(let quantity):
                    #expect(try row.string("unit") == quantity.unit.rawValue, "\(setting.key)")
                    range = quantity.range
                case .whole(let numbers): range = numbers
                default: continue
                }
                #expect(range.lowerBound >= (try row.int64("least")), "\(setting.key)")
                #expect(range.upperBound <= (try row.int64("most")), "\(setting.key)")
            }
            await connection.close()
        }
    }
}
