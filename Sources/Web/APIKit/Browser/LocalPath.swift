/// A path of this site that a request may choose as the next page. What could lead a browser to another host is none:
/// `//host`, `/\host`, a scheme, control characters.
package struct LocalPath: Sendable, Equatable {
    package let text: String

    private static let bytesMax = 512

    /// - Parameter base: the path that it must be, or be below.
    package init?(_ text: String, below base: String) {
        guard text == base || text.hasPrefix(base + "/"), text.utf8.count <= Self.bytesMax,
            text.utf8.allSatisfy(Self.isPlain), !text.contains("//"), !text.contains("..")
        else { return nil }
        self.text = text
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: [UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")].contains(byte)
        }
    }
}
