import CurlKit

// The engine has no error codes beyond the HTTP status, so some of these match its messages, those of moby/moby 20.10
// to 28; the live tests provoke each of them.
extension DockerError {
    /// The engine's words, if it said anything.
    public var engineMessage: String? {
        switch self {
        case .status(_, let message, _), .reported(let message, _): message
        default: nil
        }
    }

    /// The status of the engine's answer, if it was one of failure.
    public var statusCode: Int? {
        if case .status(let code, _, _) = self { code } else { nil }
    }

    /// The object, or something that the call refers to, does not exist.
    public var isNotFound: Bool { statusCode == 404 }

    /// The object's state or another object is in the way.
    public var isConflict: Bool { statusCode == 409 }

    /// The task was cancelled before the answer came.
    public var isCancelled: Bool {
        if case .transport(let error) = self { error.code == .cancelled } else { false }
    }

    /// The engine cannot be reached or did not answer: nothing is wrong with the call itself.
    public var isEngineUnavailable: Bool {
        guard case .transport(let error) = self else { return false }
        switch error.code {
        case .socketMissing, .permissionDenied, .connectionRefused, .unreachable, .connectTimedOut, .timedOut,
            .connectionLost, .queueTimedOut, .queueFull, .idleTimedOut, .resourceExhausted:
            return true
        default: return false
        }
    }

    /// A container or network of this name exists already.
    public var isNameInUse: Bool {
        isConflict && (says("is already in use by container") || says("already exists"))
    }

    /// The image is not on the engine.
    public var isNoSuchImage: Bool { isNotFound && says("No such image") }

    /// The network has endpoints, or the engine believes so: it counts them, and loses count. Newer engines also
    /// name them: `network demo has active endpoints (name:"proxy" id:"ed84de40e81a")`.
    public var hasActiveEndpoints: Bool { statusCode == 403 && says("has active endpoints") }

    /// The requested subnet overlaps another network's, or the engine has no free subnet left.
    public var isSubnetUnavailable: Bool {
        says("Pool overlaps with other one") || says("overlapping IPv4") || says("conflicts with network")
            || says("non-overlapping IPv4 address pool") || says("predefined address pools have been fully subnetted")
    }

    /// The host port that could not be bound, when that is what went wrong.
    public var hostPortConflict: HostPortConflict? {
        guard let message = engineMessage else { return nil }
        let isBind = message.contains("Bind for") || message.contains("bind:") || message.contains("bind host port")
        guard says("port is already allocated") || (isBind && says("address already in use")) else { return nil }
        return HostPortConflict(port: HostPortConflict.port(in: message))
    }

    private func says(_ words: String) -> Bool {
        engineMessage?.lowercased().contains(words.lowercased()) ?? false
    }
}

/// A host port that is taken.
public struct HostPortConflict: Sendable, Equatable {
    /// The port; nil if the engine's words do not name it.
    public let port: Int?

    /// A conflict about a port.
    public init(port: Int?) {
        self.port = port
    }

    /// What comes before the address in the engine's words.
    private static let markers = [
        "Bind for ", "bind host port for ", "bind host port ", "listen tcp4 ", "listen tcp6 ", "listen tcp ",
        "listen udp4 ", "listen udp6 ", "listen udp ", "listen sctp ",
    ]

    /// Finds the port in, for instance, `Bind for 127.0.0.1:5432 failed: port is already allocated`,
    /// `listen tcp4 0.0.0.0:5432: bind: address already in use` and
    /// `failed to bind host port for 0.0.0.0:5432:172.18.0.2:80/tcp: address already in use`.
    static func port(in message: String) -> Int? {
        for marker in markers {
            guard let start = message.firstRange(of: marker)?.upperBound else { continue }
            var address = message[start...].prefix { $0 != " " }
            // An IPv6 address has its colons in brackets, but for the one that means every address.
            if address.hasPrefix(":::") {
                address = address.dropFirst(2)
            } else if let bracket = address.firstIndex(of: "]") {
                address = address[address.index(after: bracket)...]
            }
            guard let colon = address.firstIndex(of: ":") else { continue }
            let digits = address[address.index(after: colon)...].prefix { $0.isASCII && $0.isNumber }
            if let port = Int(digits), (1...65535).contains(port) { return port }
        }
        return nil
    }
}
