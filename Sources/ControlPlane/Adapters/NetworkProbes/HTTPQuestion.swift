import NIOCore
import NIOHTTP1
import Reconciler

/// A `GET` and the status that makes its service ready.
struct HTTPQuestion: Sendable {
    let head: HTTPRequestHead
    private let status: Int?

    /// Checks path and headers, since a line break in them would change what is asked. `authority` is the `Host` of
    /// probes that bring none.
    init(path: String, status: Int?, headers: [String: String], authority: String) throws(InvalidProbe) {
        guard path.utf8.first == UInt8(ascii: "/"), path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw InvalidProbe("the probe's path must start with / and hold visible ASCII characters only")
        }
        var fields = HTTPHeaders()
        for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
            try Self.check(name: name, value: value)
            fields.replaceOrAdd(name: name, value: value)
        }
        if !fields.contains(name: "Host") { fields.add(name: "Host", value: authority) }
        if !fields.contains(name: "User-Agent") { fields.add(name: "User-Agent", value: "supamanager-probe") }
        fields.replaceOrAdd(name: "Connection", value: "close")
        head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: fields)
        self.status = status
    }

    /// Redirects are answers like others: they are compared and not followed.
    func verdict(onStatus answer: Int) -> ProbeResult {
        let isExpected = status.map { $0 == answer } ?? (200..<300).contains(answer)
        return isExpected ? .ready : .notReady("answered \(answer)")
    }

    private static func check(name: String, value: String) throws(InvalidProbe) {
        guard !name.isEmpty, name.utf8.allSatisfy(isTokenCharacter) else {
            throw InvalidProbe("the probe has a header whose name is empty or holds other than letters, digits and -")
        }
        guard !framing.contains(name.lowercased()) else {
            throw InvalidProbe("the probe's header \(name) announces a body, but a GET has none")
        }
        guard value.utf8.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }) else {
            throw InvalidProbe("the value of the probe's header \(name) holds control characters")
        }
    }

    private static let framing: Set<String> = ["content-length", "transfer-encoding"]

    /// The characters of a field name: RFC 9110, section 5.6.2.
    private static func isTokenCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

/// Sends the request, and is done with the status line and the headers of the answer: no body is waited for.
final class HTTPExchange: ProbeExchange {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    let attempt: ProbeAttempt
    private let question: HTTPQuestion

    init(_ question: HTTPQuestion, attempt: ProbeAttempt) {
        self.question = question
        self.attempt = attempt
    }

    func channelActive(context: ChannelHandlerContext) {
        context.write(wrapOutboundOut(.head(question.head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let answer) = unwrapInboundIn(data) else { return }
        attempt.settle(question.verdict(onStatus: Int(answer.status.code)))
    }
}
