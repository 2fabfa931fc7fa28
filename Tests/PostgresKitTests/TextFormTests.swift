import Testing

@testable import PostgresKit

@Suite("Text forms")
struct TextFormTests {
    @Test("bytes and arrays come back from their text forms", arguments: 0..<50)
    func roundTrip(seed: UInt64) {
        var random = Numbers(state: seed)
        let bytes = (0..<Int(random.next() % 40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        #expect(PostgresText.bytes(hexBytea: PostgresText.hexBytea(bytes)) == bytes)
        let alphabet: [Character] = ["a", "\"", "\\", ",", "{", "}", " ", "ü", "\n", "\u{301}"]
        let elements = (0..<Int(random.next() % 5)).map { _ in
            String((0..<Int(random.next() % 6)).compactMap { _ in alphabet.randomElement(using: &random) })
        }
        #expect(PostgresText.elements(array: PostgresText.array(elements)) == elements)
    }

    @Test(
        "what is no array of texts is refused",
        arguments: ["", "{", "}", "{a", "a}", "{a,}", "{,a}", "{NULL}", "{{a},{b}}", "{\"a}", "{\"a\\", "{\"a\"b}"])
    func badArrays(text: String) {
        #expect(PostgresText.elements(array: text) == nil)
    }

    @Test("what is no hexadecimal bytea is refused", arguments: ["", "41", "\\x4", "\\x4g", "x41", "\\x 4"])
    func badBytes(text: String) {
        #expect(PostgresText.bytes(hexBytea: text) == nil)
    }

    @Test(
        "known times have the server's own text",
        arguments: [
            (0, "1970-01-01 00:00:00.000000+00"), (-1, "1969-12-31 23:59:59.999999+00"),
            (951_782_400_000_000, "2000-02-29 00:00:00.000000+00"),
            (4_107_542_400_000_000, "2100-03-01 00:00:00.000000+00"),
            (1_795_231_020_123_456, "2026-11-21 03:17:00.123456+00"),
            (9_223_371_244_799_999_999, "294246-12-31 23:59:59.999999+00"),
        ] as [(Int64, String)])
    func times(microseconds: Int64, text: String) {
        let time = PostgresTimestamp(microsecondsSinceEpoch: microseconds)
        #expect(time.text == text)
        #expect(PostgresTimestamp(text: text) == time)
    }

    @Test(
        "what is no time in UTC is refused",
        arguments: [
            "infinity", "0044-03-15 00:00:00+00 BC", "2026-11-21 03:17:00+01", "2026-11-21", "2026-13-21 03:17:00+00",
            "2026-11-21 03:17+00", "2026-11-21 03:17:00.1234567+00", "2026-11-21 03:17:00.-1+00", "+00",
            "9223372036854775807-01-01 00:00:00+00", "294247-01-01 00:00:00+00", "-1-01-01 00:00:00+00",
            "2026-11-21 9223372036854775807:00:00+00", "2026-11-21 00:9223372036854775807:00+00",
            "2026-11-21 00:00:9223372036854775807+00", "2026-11-21 -1:00:00+00",
        ])
    func badTimes(text: String) {
        #expect(PostgresTimestamp(text: text) == nil)
    }

    @Test(
        "the version is read from what the program prints",
        arguments: [
            ("postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n", 15), ("postgres (PostgreSQL) 18beta1", 18),
            ("postgres (PostgreSQL) devel", nil), ("psql 15.1", nil), ("", nil),
        ] as [(String, Int?)])
    func versions(text: String, version: Int?) {
        #expect(PostgresPrograms.majorVersion(text) == version)
    }

    @Test("a socket folder that is too long for an address is refused with the reason")
    func socketFolder() async {
        let parameters = PostgresConnectionParameters(
            host: "/" + String(repeating: "a", count: 92), user: "me", database: "app")
        let error = await failure { _ = try await PostgresConnection.connect(parameters) }
        guard case .invalidConfiguration(let reason) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("longer than 92 bytes"))
    }

    @Test("a server that is not there is a transient failure with libpq's reason")
    func nobodyListens() async {
        let parameters = PostgresConnectionParameters(host: "/nonexistent", user: "me", database: "app")
        let error = await failure { _ = try await PostgresConnection.connect(parameters) }
        guard case .connectFailed(let reason, nil) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("/nonexistent/.s.PGSQL.5432"))
        #expect(error?.isTransient == true)
    }
}
