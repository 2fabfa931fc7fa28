package import Clients
package import HTTPTypes
import NIOCore

extension TrustedProxies {
    /// The client's address: what the nearest proxy that is not trusted came from.
    package func client(of headers: HTTPFields, peer: String) -> String {
        client(forwardedFor: headers[values: .forwardedFor].joined(separator: ","), peer: peer)
    }
}

extension ConnectionContext {
    /// The other end of the connection.
    package var peer: String { channel.remoteAddress?.ipAddress ?? "local" }
}
