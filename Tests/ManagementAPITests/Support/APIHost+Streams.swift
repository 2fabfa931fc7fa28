import CurlKit
import Foundation
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

extension APIHost {
    /// Reads a stream event by event until `isEnough` says so, or it ends. It is asked once for each piece with events.
    func events(
        _ path: String, token: String = APIHost.token, after lastID: String? = nil,
        until isEnough: @Sendable ([ServerSentEvent]) async throws -> Bool = { _ in false }
    ) async throws -> [ServerSentEvent] {
        var headers = [(name: "Authorization", value: "Bearer \(token)")]
        if let lastID { headers.append((name: "Last-Event-ID", value: lastID)) }
        let stream = try await client.stream(
            CurlKit.HTTPRequest(
                method: "GET", url: "http://127.0.0.1:\(port)\(path)", headers: headers, totalTimeout: .seconds(60)))
        try #require(stream.head.status == 200)
        #expect(stream.head.headers["Content-Type"] == "text/event-stream; charset=utf-8")
        #expect(stream.head.headers["Cache-Control"] == "no-store")
        var bytes: [UInt8] = []
        var events: [ServerSentEvent] = []
        for try await piece in stream {
            bytes += piece
            guard bytes.suffix(2).elementsEqual([10, 10]) else { continue }
            let known = events.count
            events = Self.events(in: String(decoding: bytes, as: UTF8.self))
            if events.count > known, try await isEnough(events) { break }
        }
        return events
    }

    /// Events of a whole text. Comments are no events.
    private static func events(in text: String) -> [ServerSentEvent] {
        text.components(separatedBy: "\n\n").compactMap { block in
            var event = ServerSentEvent(name: "", id: nil, data: "")
            var data: [String] = []
            for line in block.components(separatedBy: "\n") {
                if line.hasPrefix("event: ") { event.name = String(line.dropFirst(7)) }
                if line.hasPrefix("id: ") { event.id = String(line.dropFirst(4)) }
                if line.hasPrefix("data: ") { data.append(String(line.dropFirst(6))) }
            }
            event.data = data.joined(separator: "\n")
            return event.name.isEmpty ? nil : event
        }
    }
}
