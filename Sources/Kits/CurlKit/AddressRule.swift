import CCurl
import Glibc

/// Which addresses a connection may go to. It is asked with the resolved address of each attempt, right before the
/// socket is made.
public struct AddressRule: Sendable {
    private let allows: @Sendable (String) -> Bool

    /// - Parameter allows: Takes an address of IPv4 or IPv6 in its numeric form.
    public init(_ allows: @escaping @Sendable (String) -> Bool) { self.allows = allows }

    /// A socket for an address that is allowed; nil for others, and for families that are neither IPv4 nor IPv6.
    func open(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t? {
        guard let text = Self.text(of: address), allows(text) else { return nil }
        let kind = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        return socket(address.pointee.family, kind, address.pointee.protocol)
    }

    private static func text(of address: UnsafeMutablePointer<curl_sockaddr>) -> String? {
        let place = UnsafeMutableRawPointer(address).advanced(by: MemoryLayout<curl_sockaddr>.offset(of: \.addr) ?? 0)
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let result =
            switch address.pointee.family {
            case AF_INET:
                inet_ntop(
                    AF_INET, place + (MemoryLayout<sockaddr_in>.offset(of: \.sin_addr) ?? 0), &buffer,
                    socklen_t(buffer.count))
            case AF_INET6:
                inet_ntop(
                    AF_INET6, place + (MemoryLayout<sockaddr_in6>.offset(of: \.sin6_addr) ?? 0), &buffer,
                    socklen_t(buffer.count))
            default: nil as UnsafePointer<CChar>?
            }
        return result.map { String(cString: $0) }
    }
}
