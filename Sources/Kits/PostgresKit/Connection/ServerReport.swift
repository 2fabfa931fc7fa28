import CPostgres
import Glibc

/// Reads texts of the server's out of libpq. All of them are bounded: a server may send megabytes.
enum ServerReport {
    /// The error of a failed result. Without a SQLSTATE it is libpq's own, and the connection is lost.
    static func error(_ result: OpaquePointer, removing values: [String]) -> PostgresError {
        guard let sqlState = field(result, "C") else {
            return .connectionLost(reason: firstLine(PQresultErrorMessage(result)))
        }
        // One byte more than is kept shows that there is more.
        let limitBytes = PostgresServerError.textBytesMax + 1
        return .server(
            PostgresServerError(
                sqlState: sqlState, rawMessage: field(result, "M", limitBytes: limitBytes) ?? "no message",
                rawDetail: field(result, "D", limitBytes: limitBytes), constraint: field(result, "n"),
                schema: field(result, "s"), table: field(result, "t"), column: field(result, "c"), removing: values))
    }

    /// The first line of a C string.
    static func firstLine(_ text: UnsafePointer<CChar>?) -> String {
        let text = Self.text(text, limitBytes: PostgresServerError.textBytesMax) ?? ""
        return text.split(separator: "\n").first.map(String.init) ?? "no reason given"
    }

    /// Why a connection attempt failed, from libpq's verbose message.
    static func connectFailure(_ connection: OpaquePointer) -> PostgresError {
        connectFailure(text(PQerrorMessage(connection), limitBytes: PostgresServerError.textBytesMax) ?? "")
    }

    /// The same of the message's text:
    /// `connection to server at … failed: FATAL:  28P01: password authentication failed …` and a `LOCATION` line.
    static func connectFailure(_ text: String) -> PostgresError {
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("LOCATION:") }
        let reason = lines.isEmpty ? "no reason given" : lines.joined(separator: "; ")
        let mark = Array(":  ".utf8)
        guard let start = reason.utf8.firstRange(of: mark)?.upperBound, let state = state(at: reason.utf8[start...])
        else { return .connectFailed(reason: reason, sqlState: nil) }
        let rest = reason.utf8[start...].dropFirst(state.utf8.count + 2)
        return .connectFailed(
            reason: String(Substring(reason.utf8[..<start])) + String(Substring(rest)), sqlState: state)
    }

    /// The five characters of a SQLSTATE that `text` begins with, when a colon and a space follow.
    private static func state(at text: Substring.UTF8View) -> String? {
        let code = text.prefix(5)
        guard code.count == 5, code.allSatisfy({ (48...57).contains($0) || (65...90).contains($0) }),
            text.dropFirst(5).starts(with: ": ".utf8)
        else { return nil }
        return String(Substring(code))
    }

    /// A field by its code in the protocol; the `PG_DIAG_…` macros are characters, which Swift does not import.
    static func field(
        _ result: OpaquePointer, _ code: Unicode.Scalar, limitBytes: Int = PostgresProtocolLimit.reportTextBytes
    ) -> String? {
        text(PQresultErrorField(result, Int32(code.value)), limitBytes: limitBytes)
    }

    /// A C string, or as much of its beginning as `limitBytes` allow, and a mark that there was more. Bytes that are no
    /// UTF-8 are replaced.
    ///
    /// - Parameter isCut: whether a longer text is cut; otherwise there is none.
    static func text(_ text: UnsafePointer<CChar>?, limitBytes: Int, isCut: Bool = true) -> String? {
        guard let text else { return nil }
        var count = strnlen(text, limitBytes + 1)
        guard count > limitBytes else {
            return String(decoding: UnsafeRawBufferPointer(start: text, count: count), as: UTF8.self)
        }
        guard isCut else { return nil }
        count = limitBytes
        // Not in the middle of a character: up to three bytes of one follow its first.
        for _ in 0..<3 where count > 0 && UInt8(bitPattern: text[count]) & 0xC0 == 0x80 { count -= 1 }
        return String(decoding: UnsafeRawBufferPointer(start: text, count: count), as: UTF8.self) + "…"
    }
}

extension PostgresErrorReport {
    /// What a failed result says, each field up to ``PostgresProtocolLimit/reportTextBytes``.
    init(_ result: OpaquePointer) {
        var fields: [UInt8: String] = [:]
        for letter in "SVCMDHPpqWstcdnFLR".unicodeScalars {
            fields[UInt8(ascii: letter)] = ServerReport.field(result, letter)
        }
        self.init(fields: fields)
    }
}
