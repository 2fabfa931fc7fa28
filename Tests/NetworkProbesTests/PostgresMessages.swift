/// Messages of a PostgreSQL server, octet by octet.
enum PostgresMessages {
    /// SCRAM-SHA-256 is asked for.
    static let authenticationRequest = message("R", [0, 0, 0, 10] + Array("SCRAM-SHA-256".utf8) + [0, 0])
    static let authenticationOk = message("R", [0, 0, 0, 0])
    static let notice = message("N", fields([("S", "WARNING"), ("C", "01000"), ("M", "mind the gap")]))
    /// Version 3.0 and no option is all that the server knows.
    static let versionOffer = message("v", [0, 3, 0, 0, 0, 0, 0, 0])

    static func error(_ code: String, _ text: String) -> [UInt8] {
        message("E", fields([("S", "FATAL"), ("V", "FATAL"), ("C", code), ("M", text), ("F", "postmaster.c")]))
    }

    static func message(_ type: Character, _ body: [UInt8]) -> [UInt8] {
        let length = UInt32(body.count + 4)
        return Array(String(type).utf8) + (0..<4).reversed().map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) }
            + body
    }

    static func fields(_ fields: [(String, String)]) -> [UInt8] {
        fields.flatMap { Array($0.0.utf8) + Array($0.1.utf8) + [0] } + [0]
    }
}
