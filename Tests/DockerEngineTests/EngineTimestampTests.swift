import DockerEngine
import FoundationEssentials
import Testing

@Suite("Times of the engine")
struct EngineTimestampTests {
    @Test(
        "RFC 3339 is read to the nanosecond",
        arguments: [
            ("1970-01-01T00:00:00Z", 0, 0), ("2023-11-14T22:13:20.000000042Z", 1_700_000_000, 42),
            ("2023-11-14T22:13:20.5Z", 1_700_000_000, 500_000_000), ("2024-02-29T12:00:00+02:00", 1_709_200_800, 0),
            ("2023-11-14T16:43:20-05:30", 1_700_000_000, 0), ("1969-12-31T23:59:59Z", -1, 0),
            ("2000-03-01T00:00:00Z", 951_868_800, 0),
        ] as [(String, Int64, Int32)])
    func reads(_ text: String, seconds: Int64, nanoseconds: Int32) {
        #expect(EngineTimestamp(text) == EngineTimestamp(secondsSince1970: seconds, nanoseconds: nanoseconds))
    }

    @Test("every day of two centuries agrees with the calendar of Foundation")
    func calendar() throws {
        for day in stride(from: -36_500, to: 73_000, by: 17) {
            let date = Date(timeIntervalSince1970: Double(day) * 86_400 + 3723)
            let text = date.formatted(.iso8601)
            #expect(EngineTimestamp(text)?.secondsSince1970 == Int64(day) * 86_400 + 3723, "\(text)")
        }
    }

    @Test(
        "anything else is refused",
        arguments: [
            "", "2023-11-14", "2023-11-14T22:13:20", "2023-11-14 22:13:20Z", "2023-13-14T22:13:20Z",
            "2023-11-14T24:13:20Z",
            "2023-11-14T22:13:20.Z", "2023-11-14T22:13:20.0000000001Z", "2023-11-14T22:13:20+0100",
            "2023-11-14T22:13:20x",
            "xxxx-11-14T22:13:20Z", "2023-11-14T22:13:20ZZ",
        ])
    func refuses(_ text: String) {
        #expect(EngineTimestamp(text) == nil)
    }

    @Test("Go's zero time means never, and the engine's parameters have nine digits")
    func never() throws {
        #expect(try #require(EngineTimestamp("0001-01-01T00:00:00Z")).isNever)
        #expect(!EngineTimestamp(secondsSince1970: 0).isNever)
        #expect("\(EngineTimestamp(secondsSince1970: 5, nanoseconds: 1000))" == "5.000001000")
    }
}
