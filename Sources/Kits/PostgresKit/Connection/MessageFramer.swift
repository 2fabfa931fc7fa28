/// Why a message of a server's does not pass.
enum MessageRefusal: Sendable, Equatable {
    /// It is larger than a statement's messages may be.
    case tooLarge(limitBytes: Int)
    /// There is no room for it beside the results of other connections.
    case noRoom
    /// Something other than a row is larger than any server's, or there is more of it.
    case notRowsTooLarge(limitBytes: Int)
    /// The login brings more, or larger messages, than any server's does.
    case loginTooLarge(limitBytes: Int)
    /// The server wants the password itself, or none at all, instead of a proof.
    case authentication(String)
    /// The bytes are not a message.
    case malformed
}

/// Follows the messages in a stream of bytes of a server's: a letter, four bytes of length that count themselves, and
/// the rest (PostgreSQL manual, "Message Formats").
///
/// Until the server is ready for a query, each message is buffered until it is complete and inspected. From then on
/// bytes pass as they come, once the message's length is known.
struct MessageFramer {
    /// Bytes of one message of a login, and of all of them.
    static let loginMessageBytesMax = 64 << 10
    static let loginBytesMax = 1 << 20
    /// Bytes of all settings that the server reports (`ParameterStatus`): libpq keeps the last value of each name.
    static let settingBytesMax = 1 << 20

    private static let headerBytes = 5
    private static let lengthBytes = 4

    /// Bytes of one message once the login is over.
    let limitBytes: Int
    /// Makes shares of the room for results; nil where nothing but ``limitBytes`` bounds them.
    private let room: PostgresResultRoom?
    /// What the rows since the server was last ready take of it.
    private var share: (any PostgresResultShare)?
    private var rowBytes = 0
    private var login: LoginInspector?
    private var loginBytes = 0
    /// Bytes of the last report of each setting, by name.
    private var settings: [[UInt8]: Int] = [:]
    /// Bytes of the error reports since the server was last ready for a query.
    private var reportBytes = 0
    /// A message whose end, or whose header's end, has not come yet.
    private var held: [UInt8] = []
    private var bodyLeft = 0
    /// Why the rest of the stream does not pass.
    private(set) var refusal: MessageRefusal?
    /// What the server wants to see in a request to cancel: its process id and a secret, as it sent them.
    private(set) var cancelKey: [UInt8]?

    /// - Parameters:
    ///   - limitBytes: bytes of one message after the login.
    ///   - login: the inspector until the server is ready; nil for a stream that begins after the login.
    ///   - room: makes shares of the room for results.
    init(limitBytes: Int, login: LoginInspector?, room: PostgresResultRoom? = nil) {
        self.limitBytes = limitBytes
        self.room = room
        self.login = login
    }

    /// The bytes to pass on now: these and the buffered ones, as far as they are allowed.
    mutating func passable(_ bytes: [UInt8]) -> [UInt8] {
        var passed: [UInt8] = []
        passed.reserveCapacity(bytes.count + held.count)
        var position = 0
        while position < bytes.count, refusal == nil {
            let isBody = bodyLeft > 0
            let wanted = isBody ? bodyLeft : Self.headerBytes - held.count
            let piece = bytes[position..<min(position + wanted, bytes.count)]
            position += piece.count
            if isBody {
                bodyLeft -= piece.count
                if isHeld { held += piece } else { passed += piece }
            } else {
                held += piece
                guard held.count == Self.headerBytes else { continue }
                readHeader()
            }
            if refusal == nil, !isHeld || bodyLeft == 0 { release(into: &passed) }
        }
        return passed
    }

    /// Whether nothing of a message has come.
    var isBetweenMessages: Bool { held.isEmpty && bodyLeft == 0 && login == nil && refusal == nil }

    /// Whether a message is inspected whole.
    private var isHeld: Bool { login != nil || held.first == UInt8(ascii: "S") }

    private mutating func readHeader() {
        let length = held.dropFirst().reduce(0) { $0 << 8 | Int($1) } - Self.lengthBytes
        guard length >= 0 else { return refusal = .malformed }
        if login != nil {
            loginBytes += length + Self.headerBytes
            guard length <= Self.loginMessageBytesMax, loginBytes <= Self.loginBytesMax else {
                return refusal = .loginTooLarge(limitBytes: Self.loginMessageBytesMax)
            }
        }
        guard length <= limitBytes else { return refusal = .tooLarge(limitBytes: limitBytes) }
        bodyLeft = length
        switch held.first {
        // A row, or a piece of what replication sends.
        case UInt8(ascii: "D"): countRow(length)
        case UInt8(ascii: "d"): break
        default: countOther(length)
        }
    }

    private mutating func countRow(_ length: Int) {
        guard let room else { return }
        rowBytes += length
        let share = share ?? room()
        self.share = share
        if !share.grow(to: rowBytes) { refusal = .noRoom }
    }

    /// Gives the share of the rows so far away; later ones count for another.
    mutating func takeShare() -> (any PostgresResultShare)? {
        defer { (share, rowBytes) = (nil, 0) }
        return share
    }

    /// Bounds what is not a row: only rows have a reason to be large.
    private mutating func countOther(_ length: Int) {
        let otherBytesMax = PostgresProtocolLimit.otherMessageBytes
        switch held.first {
        case UInt8(ascii: "E"): reportBytes += length
        case UInt8(ascii: "Z"): reportBytes = 0
        default: break
        }
        if max(length, reportBytes) > otherBytesMax { refusal = .notRowsTooLarge(limitBytes: otherBytesMax) }
    }

    private mutating func countSetting() {
        settings[Array(held.dropFirst(Self.headerBytes).prefix { $0 != 0 })] = held.count
        if settings.values.reduce(0, +) > Self.settingBytesMax {
            refusal = .notRowsTooLarge(limitBytes: Self.settingBytesMax)
        }
    }

    /// Releases the buffer: a header, or a whole message of a login that passed the inspection.
    private mutating func release(into passed: inout [UInt8]) {
        guard !held.isEmpty else { return }
        if held.first == UInt8(ascii: "S") { countSetting() }
        guard refusal == nil else { return }
        if var inspector = login {
            refusal = inspector.inspect(held)
            guard refusal == nil else { return }
            if held.first == UInt8(ascii: "K") { cancelKey = Array(held.dropFirst(Self.headerBytes)) }
            login = inspector.isOver ? nil : inspector
        }
        passed += held
        held = []
    }
}

/// Inspects the messages of a login, up to the first `ReadyForQuery`.
struct LoginInspector: Sendable {
    /// Rounds that a server may ask a proof to be computed with. PostgreSQL asks for 4,096; each costs about a
    /// microsecond that nothing can interrupt.
    static let scramRoundsMax = 100_000

    /// Whether the server has to prove that it knows the password's verifier, and gets no more than a proof.
    let requiresScram: Bool
    /// Whether the server is ready for a query.
    private(set) var isOver = false
    private var hasProof = false

    init(requiresScram: Bool) { self.requiresScram = requiresScram }

    private enum Request {
        static let ok: UInt32 = 0
        static let clearText: UInt32 = 3
        static let md5: UInt32 = 5
        static let sasl: UInt32 = 10
        static let saslContinue: UInt32 = 11
        static let saslFinal: UInt32 = 12
    }

    /// Why a message must not pass; nil where it may.
    mutating func inspect(_ message: [UInt8]) -> MessageRefusal? {
        switch message.first {
        case UInt8(ascii: "Z"):
            isOver = true
            return nil
        case UInt8(ascii: "R"): return authentication(message.dropFirst(5))
        default: return nil
        }
    }

    private mutating func authentication(_ body: ArraySlice<UInt8>) -> MessageRefusal? {
        guard body.count >= 4 else { return .malformed }
        let request = body.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        if request == Request.saslContinue, let refusal = Self.rounds(body.dropFirst(4)) { return refusal }
        guard requiresScram else { return nil }
        switch request {
        case Request.sasl, Request.saslContinue: return nil
        case Request.saslFinal:
            // libpq checks the server's signature in it, and ends the connection where it is wrong.
            hasProof = true
            return nil
        case Request.ok where hasProof: return nil
        case Request.ok: return .authentication("accepts connections without a password")
        case Request.clearText: return .authentication("asks for the password in clear text")
        case Request.md5: return .authentication("asks for the password's MD5")
        default: return .authentication("asks for another proof than SCRAM")
        }
    }

    /// The attribute `i` of the server's first message (RFC 5802 §5.1).
    private static func rounds(_ body: ArraySlice<UInt8>) -> MessageRefusal? {
        let text = String(decoding: body, as: UTF8.self)
        guard let value = text.split(separator: ",").first(where: { $0.hasPrefix("i=") })?.dropFirst(2) else {
            return nil
        }
        guard let rounds = Int(value), (1...scramRoundsMax).contains(rounds) else {
            return .authentication("asks for a proof of more than \(scramRoundsMax) rounds")
        }
        return nil
    }
}
