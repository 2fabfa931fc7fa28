import ProjectModel

/// A TCP port on which something listens.
struct TCPListener: Hashable, Sendable {
    let address: BoundAddress
    let port: UInt16
}

/// `/proc/net/tcp` and `/proc/net/tcp6`: a heading, then a line for each socket, of which these fields matter here:
/// `sl local_address rem_address st`. Format: `Documentation/networking/proc_net_tcp.rst` of the kernel.
enum TCPTable {
    /// The sockets that listen.
    static func listeners(in bytes: [UInt8]) throws(MalformedLine) -> [TCPListener] {
        var listeners: [TCPListener] = []
        var hasHeading = false
        try ProcLines.forEach(in: bytes) { line, number throws(MalformedLine) in
            guard hasHeading else {
                hasHeading = ProcLines.fields(line, count: 2)?[1].elementsEqual("local_address".utf8) ?? false
                guard hasHeading else { throw MalformedLine(number: number, reason: "is not a TCP table's heading") }
                return
            }
            if let listener = try listener(in: line, number: number) { listeners.append(listener) }
        }
        guard hasHeading else { throw MalformedLine(number: 1, reason: "is missing, the file is empty") }
        return listeners
    }

    private static func listener(in line: ArraySlice<UInt8>, number: Int) throws(MalformedLine) -> TCPListener? {
        guard let fields = ProcLines.fields(line, count: 4), let state = UInt8(hexDigits: fields[3]) else {
            throw MalformedLine(number: number, reason: "does not hold a socket's addresses and state")
        }
        guard let listener = TCPListener(localAddress: fields[1]) else {
            throw MalformedLine(number: number, reason: "holds a local address that cannot be read")
        }
        return state == listening ? listener : nil
    }

    /// `TCP_LISTEN`.
    private static let listening: UInt8 = 0x0A
}

extension TCPListener {
    /// Reads `ADDRESS:PORT`, where an IPv4 address is one word of eight digits and an IPv6 address four of them.
    init?(localAddress text: ArraySlice<UInt8>) {
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard parts.count == 2, let port = UInt16(hexDigits: parts[1]) else { return nil }
        let digits = parts[0]
        let wordDigits = 8
        guard digits.count == wordDigits || digits.count == 4 * wordDigits else { return nil }
        var value: UInt128 = 0
        for start in stride(from: digits.startIndex, to: digits.endIndex, by: wordDigits) {
            let slice = digits[start..<(start + wordDigits)]
            guard let word = UInt32(networkOrderHexDigits: slice) else { return nil }
            value = value << 32 | UInt128(word)
        }
        let isIPv4 = digits.count == wordDigits
        address = isIPv4 ? .ipv4(IPv4Address(number: UInt32(value))) : BoundAddress(ipv6: value)
        self.port = port
    }
}
