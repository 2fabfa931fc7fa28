import NIOCore
import Reconciler

/// What a PostgreSQL server's first messages say about its readiness. Pieces may be cut anywhere.
///
/// | message | verdict |
/// | --- | --- |
/// | authentication request (`R`) | ready |
/// | error of class 28 or 3D000 | ready: role, password, `pg_hba.conf` or database are wrong, but only a server that takes connections finds out; restarting it would mend nothing |
/// | error 53300 (no slot left) | ready: the server is alive and busy; restarting it would turn load into an outage |
/// | any other error, such as 57P03 (starting up, shutting down) or 57P01 | not ready |
/// | notice (`N`), other protocol version offered (`v`) | none yet, the next message counts |
/// | anything else | not ready: not PostgreSQL |
struct PostgresAnswer {
    private var buffer = ByteBuffer()
    private var isSettled = false

    /// Takes bytes; a verdict when there is one, once.
    mutating func receive(_ bytes: ByteBuffer) -> ProbeResult? {
        guard !isSettled else { return nil }
        buffer.writeImmutableBuffer(bytes)
        while let type = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) {
            switch judge(type) {
            case .verdict(let result):
                isSettled = true
                return result
            case .incomplete: return nil
            case .skip: continue
            }
        }
        return nil
    }

    private enum Judgement {
        case verdict(ProbeResult)
        case incomplete
        case skip
    }

    /// Lengths between which a message can be true, by the message; libpq uses the same bounds for `R` and `E`.
    private static func plausibleLengths(_ type: UInt8) -> ClosedRange<Int>? {
        switch type {
        case UInt8(ascii: "R"): 8...2_000
        case UInt8(ascii: "E"): 8...30_000
        case UInt8(ascii: "N"), UInt8(ascii: "v"): 5...ProbeLimits.answerBytes
        default: nil
        }
    }

    private mutating func judge(_ type: UInt8) -> Judgement {
        guard let lengths = Self.plausibleLengths(type) else { return .verdict(.notReady(Self.notPostgres)) }
        guard let length = buffer.getInteger(at: buffer.readerIndex + 1, as: Int32.self) else { return .incomplete }
        guard lengths.contains(Int(length)) else {
            return type == UInt8(ascii: "E") ? judgePlainError() : .verdict(.notReady(Self.notPostgres))
        }
        guard buffer.readableBytes > Int(length) else { return .incomplete }
        buffer.moveReaderIndex(forwardBy: 5)
        guard let body = buffer.readSlice(length: Int(length) - 4) else { return .incomplete }
        switch type {
        case UInt8(ascii: "R"): return .verdict(.ready)
        case UInt8(ascii: "E"): return .verdict(PostgresErrorFields(body).verdict)
        default: return .skip
        }
    }

    /// A server that cannot start a process for the connection says so without a length: `E`, text, NUL.
    private func judgePlainError() -> Judgement {
        let text = buffer.readableBytesView.dropFirst()
        guard let end = text.firstIndex(of: 0) else { return .incomplete }
        return .verdict(.notReady("refused: \(quoted(text[..<end]))"))
    }

    private static let notPostgres = "its answer is not PostgreSQL's"
}

/// Code and message of an ErrorResponse.
struct PostgresErrorFields {
    private(set) var code: String?
    private(set) var message: String?

    init(_ body: ByteBuffer) {
        for field in body.readableBytesView.split(separator: 0) {
            switch field.first {
            case UInt8(ascii: "C"): code = quoted(field.dropFirst())
            case UInt8(ascii: "M"): message = quoted(field.dropFirst())
            default: break
            }
        }
    }

    /// No such database, and no connection slot left.
    private static let codesOfTheLiving: Set<String> = ["3D000", "53300"]

    var verdict: ProbeResult {
        if let code, Self.codesOfTheLiving.contains(code) || (code.hasPrefix("28") && code.utf8.count == 5) {
            return .ready
        }
        return .notReady("refused with \(code ?? "an error without a code"): \(message ?? "no message")")
    }
}
