import Foundation
import Glibc

/// A small mail server for tests: it notes every mail, and answers recipients as told.
///
/// `@unchecked Sendable`: all state is behind `lock`; a connection belongs to its thread.
public final class MailSink: @unchecked Sendable {
    public struct Mail: Sendable, Equatable {
        public var sender: String
        public var recipients: [String]
        /// Head and body.
        public var text: String
    }

    public let port: Int
    private let listener: Int32
    private let recipientAnswer: String
    private let lock = NSLock()
    private var taken: [Mail] = []
    private var isStopping = false

    /// - Parameter recipientAnswer: What the server says to each recipient.
    public init(recipientAnswer: String = "250 ok") throws {
        self.recipientAnswer = recipientAnswer
        (listener, port) = try StubServer.listenOnLoopback()
        Thread.detachNewThread { [self] in accept() }
    }

    public var mails: [Mail] { locked { taken } }

    public func stop() { locked { isStopping = true } }

    private func locked<Value>(_ body: () -> Value) -> Value {
        lock.lock()
        defer { lock.unlock() }
        return body()
    }

    private func accept() {
        defer { close(listener) }
        while !locked({ isStopping }) {
            var descriptor = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            guard poll(&descriptor, 1, StubServer.pollMilliseconds) > 0 else { continue }
            let socket = Glibc.accept(listener, nil, nil)
            guard socket >= 0 else { continue }
            Thread.detachNewThread { [self] in
                serve(socket)
                close(socket)
            }
        }
    }

    private func serve(_ socket: Int32) {
        var mail = Mail(sender: "", recipients: [], text: "")
        var isData = false
        var rest = ""
        say("220 sink", socket)
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = read(socket, &buffer, buffer.count)
            guard count > 0 else { return }
            rest += String(decoding: buffer[..<count], as: UTF8.self)
            while let end = rest.range(of: "\r\n") {
                let line = String(rest[..<end.lowerBound])
                rest.removeSubrange(..<end.upperBound)
                if isData {
                    guard line == "." else {
                        mail.text += line + "\r\n"
                        continue
                    }
                    isData = false
                    locked { taken.append(mail) }
                    say("250 queued", socket)
                } else if line.hasPrefix("MAIL FROM:") {
                    mail = Mail(sender: Self.address(line), recipients: [], text: "")
                    say("250 ok", socket)
                } else if line.hasPrefix("RCPT TO:") {
                    mail.recipients.append(Self.address(line))
                    say(recipientAnswer, socket)
                } else if line == "DATA" {
                    isData = true
                    say("354 send it", socket)
                } else {
                    say(line == "QUIT" ? "221 bye" : "250 sink", socket)
                }
            }
        }
    }

    private static func address(_ line: String) -> String {
        String(line.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" })
    }

    private func say(_ line: String, _ socket: Int32) {
        let bytes = Array("\(line)\r\n".utf8)
        _ = send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}
