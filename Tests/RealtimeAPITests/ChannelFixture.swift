import DataPlaneCore
import FoundationEssentials
import Testing
import TokenKit

@testable import RealtimeAPI

/// Recorded frames and cases, read in place where they are available.
enum RecordedData {
    static func path(_ name: String) -> String {
        let parts = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        return "/\(parts)/shared/data/\(name)"
    }

    static func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    static func json(_ name: String) throws -> JSONText {
        try JSONText(Array(try #require(FileManager.default.contents(atPath: path(name)))))
    }
}

func json(_ text: String) throws -> JSONText { try JSONText(Array(text.utf8)) }

/// Bytes of a text of hexadecimal digits.
func bytes(hex: String) throws -> [UInt8] {
    let digits = Array(hex)
    return try stride(from: 0, to: digits.count, by: 2).map { index in
        try #require(UInt8(String(digits[index..<index + 2]), radix: 16))
    }
}

/// The same document whatever the order of its members.
func sorted(_ json: JSONText) -> JSONText {
    switch json {
    case .object(let members):
        .object(members.map { JSONText.Member($0.name, sorted($0.value)) }.sorted { $0.name < $1.name })
    case .array(let elements): .array(elements.map(sorted))
    default: json
    }
}

/// A project's state, and clients that talk to it.
struct ChannelFixture {
    static let secret = "a secret of thirty-two characters"
    static let now: Double = 1_000_000

    struct Claims: Encodable {
        var role: String?
        var sub: String?
        var exp: Double?
    }

    static var verifier: TokenVerifier {
        TokenVerifier(keys: [.secret(KeyBytes(Array(secret.utf8)))], audience: nil)
    }

    static func token(role: String? = "anon", sub: String? = nil, exp: Double? = now + 100) throws -> String {
        try HS256.mint(Claims(role: role, sub: sub, exp: exp), secret: KeyBytes(Array(secret.utf8)))
    }

    static func claims(role: String = "anon", sub: String? = nil, exp: Double = now + 100) throws -> ChannelClaims {
        try TokenReader(verifier: verifier, keys: nil).claims(of: token(role: role, sub: sub, exp: exp), at: now)
    }

    var state: RealtimeState
    var now = Self.now

    init(_ change: (inout RealtimeLimits) -> Void = { _ in }) {
        var limits = RealtimeLimits()
        change(&limits)
        state = RealtimeState(
            limits: limits, tokens: TokenReader(verifier: Self.verifier, keys: nil), origin: "o-")
    }

    mutating func open(_ version: FrameVersion = .one, exp: Double = now + 100) throws -> SocketID {
        let id = state.open(version: version, claims: try Self.claims(exp: exp))
        return try #require(id)
    }

    @discardableResult
    mutating func say(
        _ event: String, _ payload: String = "{}", on topic: String = "realtime:room", ref: String? = "1",
        by id: SocketID
    ) throws -> [ChannelEffect] {
        let frame = ChannelFrame(joinRef: "1", ref: ref, topic: topic, event: event, payload: try json(payload))
        return state.receive(.frame(frame), from: id, at: now)
    }

    @discardableResult
    mutating func join(
        _ config: String = "{}", on topic: String = "realtime:room", token: String? = nil, by id: SocketID
    ) throws -> [ChannelEffect] {
        let own = token.map { ",\"access_token\":\"\($0)\"" } ?? ""
        return try say("phx_join", "{\"config\":\(config)\(own)}", on: topic, by: id)
    }
}

extension [ChannelEffect] {
    /// What one client gets: `event payload`.
    func lines(to id: SocketID) -> [String] {
        compactMap { effect in
            guard case .send(let message, _, let receivers) = effect, receivers.contains(id) else { return nil }
            switch message {
            case .frame(let frame): return "\(frame.event) \(frame.payload.text)"
            case .broadcast(let broadcast):
                return "broadcast \(broadcast.event) \(String(decoding: broadcast.payload, as: UTF8.self))"
            }
        }
    }

    var checks: [RightsCheck] {
        compactMap { effect in
            guard case .check(let check) = effect else { return nil }
            return check
        }
    }
}
