import CurlKit
import Foundation
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Synchronization
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI

@Suite("Streams")
struct StreamTests {
    private static var patient: ServerLimits {
        var limits = APIHost.limits
        limits.streamDuration = .seconds(60)
        return limits
    }

    @Test("an event of several lines is one event, and nothing in its data ends it early")
    func text() {
        let event = ServerSentEvent(name: "log", id: "7", data: "one\rtwo\r\n\nthree")
        #expect(event.text == "event: log\nid: 7\ndata: one\ndata: two\ndata: \ndata: three\n\n")
        #expect(ServerSentEvent(name: "end", id: nil, data: "").text == "event: end\ndata: \n\n")
    }

    @Test("a project's events are streamed as they happen, each once, and its services when they change")
    func history() async throws {
        try await APIHost.run(limits: Self.patient) { host in
            let ref = try await host.create()
            let events = try await host.events("/platform/projects/\(ref)/events/stream?past=10") { events in
                if events.count == 2 {
                    #expect(events.map(\.name) == ["event", "progress"])
                    try await host.set(.active, of: ref)
                }
                return events.count >= 4
            }
            #expect(events.map(\.name) == ["event", "progress", "event", "progress"])
            #expect(events[2].data.contains(#""status":"ACTIVE_HEALTHY""#))
            #expect(events[0].data.contains(#""kind":"created""#))
            let facts = #""facts":{"operation_id":""#
            #expect(events[2].data.contains(facts) && events[2].data.contains(#""kind":"status_changed""#))
            #expect(events[2].data.contains(#""status_after":"ACTIVE_HEALTHY","status_before":"COMING_UP""#))
            #expect(events[3].data.contains(#""status":"ACTIVE_HEALTHY""#))
            let last = try #require(events[2].id)
            try await host.set(.pausing, of: ref)
            let later = try await host.events("/platform/projects/\(ref)/events/stream", after: last) { $0.count >= 2 }
            #expect(later.map(\.name) == ["event", "progress"])
            #expect(later[0].data.contains("PAUSING"))
        }
    }

    @Test("without a Last-Event-ID only new events are sent")
    func present() async throws {
        try await APIHost.run(limits: Self.patient) { host in
            let ref = try await host.create()
            let events = try await host.events("/platform/projects/\(ref)/events/stream") { $0.count >= 1 }
            #expect(events.map(\.name) == ["progress"])
        }
    }

    @Test("a project without changes is sent once, though its services are probed all the time")
    func calm() async throws {
        var limits = APIHost.limits
        limits.streamDuration = .seconds(4)
        try await APIHost.run(limits: limits) { host in
            try await host.withLoops {
                let ref = try await host.create()
                try await host.wait(for: .active, of: ref)
                let events = try await host.events("/platform/projects/\(ref)/events/stream")
                #expect(events.map(\.name) == ["progress", "end"])
            }
        }
    }

    @Test("the stream of a deleted project ends")
    func deleted() async throws {
        try await APIHost.run(limits: Self.patient) { host in
            let ref = try await host.create()
            let events = try await host.events("/platform/projects/\(ref)/events/stream") { events in
                if events.count == 1 {
                    for status in [ProjectStatus.deleting, .deleted] { try await host.set(status, of: ref) }
                }
                return false
            }
            #expect(events.last == StreamEnd.finished.event)
        }
    }

    @Test("a stream ends when its time is over, and says so")
    func duration() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let events = try await host.events("/platform/projects/\(ref)/events/stream")
            #expect(events.last == StreamEnd.expired.event)
        }
    }

    @Test("a stream ends when the token that opened it is revoked")
    func revoked() async throws {
        try await APIHost.run(limits: Self.patient) { host in
            let ref = try await host.create()
            let made = try await host.send("POST", "/platform/profile/access-tokens", body: #"{"name": "short"}"#)
            let token = try #require(try made.json["token"]?.text)
            guard case .number(let id)? = try made.json["id"] else {
                Issue.record("the token has no id")
                return
            }
            let events = try await host.events("/platform/projects/\(ref)/events/stream", token: token) { events in
                if events.count == 1 {
                    let revoked = try await host.send("DELETE", "/platform/profile/access-tokens/\(Int(id))")
                    #expect(revoked.status == 200)
                }
                return false
            }
            #expect(events.last == StreamEnd.refused.event)
        }
    }

    @Test("an account has so many streams at most, and a place that is given back is free")
    func places() async throws {
        var limits = Self.patient
        limits.streamsPerAccountMax = 1
        try await APIHost.run(limits: limits) { host in
            let path = "/platform/projects/\(try await host.create())/events/stream"
            _ = try await host.events(path) { _ in
                let second = try await host.send("GET", path)
                #expect(second.status == 429 && second.header("Retry-After") == "5")
                return true
            }
            // The server notices a reader that has gone at a sign of life.
            let end = ContinuousClock.now + .seconds(20)
            var isFree = false
            while !isFree, ContinuousClock.now < end {
                let stream = try await host.client.stream(
                    CurlKit.HTTPRequest(
                        url: "http://127.0.0.1:\(host.port)\(path)",
                        headers: [(name: "Authorization", value: "Bearer \(APIHost.token)")]))
                isFree = stream.head.status == 200
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(isFree)
        }
        let places = StreamPlaces(perAccount: 2, total: 3)
        var held = [try places.take(for: "a"), try places.take(for: "a"), try places.take(for: "b")]
        #expect(throws: APIError.self) { try places.take(for: "a") }
        #expect(throws: APIError.self) { try places.take(for: "c") }
        held.removeFirst()
        held.append(try places.take(for: "c"))
        #expect(held.count == 3)
    }

    @Test("a word that is no id of an event is refused before the stream begins")
    func badStart() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            for (path, id) in [
                ("events/stream", "x"), ("services/db/logs?follow=true", "2026"), ("events/stream", "-1"),
            ] {
                let answer = try await host.send(
                    "GET", "/platform/projects/\(ref)/\(path)", headers: [(name: "Last-Event-ID", value: id)])
                let message = try answer.message
                #expect(answer.status == 400 && message?.contains("Last-Event-ID") == true, "\(path)")
            }
        }
    }
}
