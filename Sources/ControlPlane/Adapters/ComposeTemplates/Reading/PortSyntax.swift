import YAMLKit

/// The short forms of ports: `3000`, `8000:80`, `127.0.0.1:8000:80/udp`, `8000-8001:80-81`, `[::1]:8000:80`.
enum PortSyntax {
    /// Ports of one service, ranges written out.
    static let maximumPorts = 1_000

    /// Why a text is no port.
    struct Failure: Error {
        let reason: String
    }

    /// The ports that `text` stands for, one for every port of a range.
    static func parse(_ text: String) throws(Failure) -> [ComposePort] {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let transport = ComposePort.TransportProtocol(rawValue: parts.count == 2 ? parts[1].lowercased() : "tcp")
        guard let transport else { throw Failure(reason: "\"\(parts[1])\" is not one of tcp, udp, sctp") }
        let (address, ports) = try split(String(parts[0]))
        let targets = try range(ports.target)
        let published = ports.published.isEmpty ? nil : try range(ports.published)
        if let published, published.count != targets.count, targets.count != 1 {
            throw Failure(reason: "\"\(text)\" maps \(published.count) ports to \(targets.count)")
        }
        return targets.enumerated().map { index, target in
            var port = ComposePort(target: target)
            port.transport = transport
            port.hostIP = address
            if let published {
                port.published =
                    published.count == targets.count ? String(published.lowerBound + index) : ports.published
            }
            return port
        }
    }

    /// An element of `expose`: a port or a range, with or without a protocol.
    static func exposed(_ cursor: NodeCursor) -> String? {
        guard let text = cursor.text() else { return nil }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let isKnown = parts.count == 1 || ComposePort.TransportProtocol(rawValue: String(parts[1])) != nil
        guard isKnown, (try? range(String(parts[0]))) != nil else {
            return cursor.wrongType("a port or a range of ports, with /tcp, /udp or /sctp if need be")
        }
        return text
    }

    /// A port or a range of ports, `80` or `80-90`.
    static func range(_ text: String) throws(Failure) -> ClosedRange<Int> {
        let bounds = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map { decimal($0) }
        guard let first = bounds[0], let last = bounds[bounds.count - 1], (1...65_535).contains(first), last <= 65_535
        else {
            throw Failure(reason: "\"\(text)\" is not a port from 1 to 65535")
        }
        guard first <= last else { throw Failure(reason: "the range \"\(text)\" runs backwards") }
        guard last - first < maximumPorts else {
            throw Failure(reason: "\"\(text)\" is more than \(maximumPorts) ports")
        }
        return first...last
    }

    private static func decimal(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? Int(text) : nil
    }

    /// Splits `[address:][published:]target`.
    private static func split(
        _ text: String
    ) throws(Failure) -> (address: String?, ports: (published: String, target: String)) {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            let address = String(text[text.index(after: text.startIndex)..<end])
            let rest = text[text.index(after: end)...].split(separator: ":", omittingEmptySubsequences: false)
            guard rest.count == 3, rest[0].isEmpty else {
                throw Failure(reason: "\"\(text)\" is not [address]:host:container")
            }
            return (address, (String(rest[1]), String(rest[2])))
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        switch parts.count {
        case 1: return (nil, ("", parts[0]))
        case 2 where !parts[0].isEmpty: return (nil, (parts[0], parts[1]))
        case 3 where IPAddress.isIPv4(parts[0]): return (parts[0], (parts[1], parts[2]))
        default: throw Failure(reason: "\"\(text)\" is not [address:][host:]container[/protocol]")
        }
    }
}

extension ComposePort {
    /// The elements of `ports`, ranges written out.
    static func list(reading cursor: NodeCursor) -> [ComposePort] {
        var ports: [ComposePort] = []
        for element in cursor.elements() {
            ports += all(reading: element)
            guard ports.count <= PortSyntax.maximumPorts else {
                cursor.fail("more than \(PortSyntax.maximumPorts) ports")
                return []
            }
        }
        return ports
    }

    /// The ports of one element, in the short or the long form.
    private static func all(reading cursor: NodeCursor) -> [ComposePort] {
        if cursor.node.mapping != nil { return ComposePort(longForm: cursor).map { [$0] } ?? [] }
        guard let text = cursor.text() else { return [] }
        do {
            return try PortSyntax.parse(text)
        } catch {
            let isTemplate = cursor.log.template(at: cursor.path) != nil
            cursor.fail(isTemplate ? "\(cursor.shown) gives no [address:][host:]container[/protocol]" : error.reason)
            return []
        }
    }

    private static let fields: FieldTable<ComposePort> = [
        "name": field(\.name) { $0.nonEmptyString() },
        "target": field(\.target) { $0.integer(in: 1...65_535) },
        "published": field(\.published) { $0.publishedRange() },
        "host_ip": field(\.hostIP) { $0.ipAddress() },
        "protocol": field(\.transport) { $0.option(TransportProtocol.self) },
        "mode": field(\.mode) { $0.option(Mode.self) },
    ]

    private init?(longForm cursor: NodeCursor) {
        self.init(target: 0)
        cursor.read(into: &self, fields: Self.fields, reasons: ["app_protocol": "not supported"])
        guard target > 0 else {
            if cursor.child("target") == nil { cursor.fail("needs a target: the port in the container") }
            return nil
        }
    }
}

extension NodeCursor {
    /// A port or a range of ports as text; an empty text lets the engine choose.
    fileprivate func publishedRange() -> String? {
        guard let text = text(), !text.isEmpty else { return nil }
        do {
            _ = try PortSyntax.range(text)
            return text
        } catch {
            fail(error.reason)
            return nil
        }
    }
}
