import HTTPTypes
import NIOCore

/// Proxies whose word about the client's address counts.
public struct TrustedProxies: Sendable, Equatable {
    /// Addresses of the proxies, as the socket names them.
    public var addresses: Set<String>

    /// Proxies; none by default: whoever connects is the client.
    public init(addresses: Set<String> = []) { self.addresses = addresses }

    /// The client's address: what the nearest proxy that is not trusted came from.
    func client(of headers: HTTPFields, peer: String) -> String {
        guard addresses.contains(peer) else { return peer }
        let hops = headers[values: .forwardedFor].joined(separator: ",").split(separator: ",").map {
            $0.trimming(while: { $0 == " " || $0 == "\t" })
        }
        let client = hops.last { !addresses.contains($0) } ?? peer
        return client.utf8.count <= Self.lengthMax ? client : peer
    }

    /// Characters of an address at most: an IPv6 address with its zone.
    private static let lengthMax = 64
}

extension Substring {
    fileprivate func trimming(while isTrimmed: (Character) -> Bool) -> String {
        let head = drop(while: isTrimmed)
        return String(head.reversed().drop(while: isTrimmed).reversed())
    }
}

extension ConnectionContext {
    /// The other end of the connection.
    var peer: String { channel.remoteAddress?.ipAddress ?? "local" }
}
