import FoundationEssentials
package import HTTPTypes

/// The name of one request in answers and logs: the client's own when it gave a usable one.
package struct RequestIdentifier: Sendable, Equatable, CustomStringConvertible {
    /// Longest name that is taken from a client.
    package static let lengthMax = 128

    /// The name.
    package let text: String

    /// Takes `X-Request-Id` when it is a single short word that cannot forge a log line, else makes a new name.
    package init(headers: HTTPFields) {
        let values = headers[values: .requestIdentifier]
        if values.count == 1, let given = values.first, Self.isUsable(given) {
            text = given
        } else {
            text = UUID().uuidString.lowercased()
        }
    }

    package var description: String { text }

    private static func isUsable(_ text: String) -> Bool {
        (1...lengthMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || [0x2D, 0x2E, 0x5F].contains(byte)
            }
    }
}
