import OrchestratorTesting
import ProjectModel
import Reconciler
import Testing

@testable import APIKit
@testable import FeatureKit
@testable import ManagementAPI
@testable import Orchestrator

@Suite("Following the logs of services")
struct FollowedLogTests {
    private static var patient: ServerLimits {
        var limits = APIHost.limits
        limits.streamDuration = .seconds(60)
        return limits
    }

    private static func container(of service: ServiceName, _ ref: ProjectRef, _ host: APIHost) async throws -> String {
        try #require(try await host.engine.observe(ref).container(of: service)).id
    }

    @Test("the past first, then each line as it is written, also those of the next run, without secrets")
    func follows() async throws {
        try await APIHost.run(limits: Self.patient) { host in
            try await host.withLoops {
                let ref = try await host.create()
                try await host.wait(for: .active, of: ref)
                let service = try #require(ServiceName("db"))
                let first = try await Self.container(of: service, ref, host)
                for number in 1...3 { host.containerLogs.write("old \(number)", at: number, in: first) }
                let password = "Str0ng-pass-word"
                let events = try await host.events(
                    "/platform/projects/\(ref)/services/\(service)/logs?follow=true&tail=2"
                ) { events in
                    switch events.count {
                    case 2: host.containerLogs.write("the password is \(password)!", at: 10, in: first)
                    case 3:
                        host.containerLogs.end(first)
                        let restart = try await host.send("POST", "/platform/projects/\(ref)/restart")
                        #expect(restart.status == 201)
                        try await host.wait(for: .active, of: ref)
                        let second = try await Self.container(of: service, ref, host)
                        host.containerLogs.restart(second)
                        host.containerLogs.write("a new run", at: 20, in: second)
                    default: break
                    }
                    return events.count >= 4
                }
                #expect(events.map(\.data) == ["old 2", "old 3", "the password is <secret>!", "a new run"])
                #expect(events.allSatisfy { $0.name == "log" })
                #expect(events.map(\.id)[2] == "1970-01-01T00:00:00.000000010Z")
                let rest = try await host.events(
                    "/platform/projects/\(ref)/services/\(service)/logs?follow=true", after: events[2].id
                ) { !$0.isEmpty }
                #expect(rest.map(\.data) == ["a new run"])
            }
        }
    }

    @Test("the past alone ends automatically, after a moment or with the last lines, without secrets")
    func past() async throws {
        try await APIHost.run(limits: Self.patient) { host in
            try await host.withLoops {
                let ref = try await host.create()
                try await host.wait(for: .active, of: ref)
                let container = try await Self.container(of: try #require(ServiceName("db")), ref, host)
                for number in 1...3 { host.containerLogs.write("old \(number)", at: number, in: container) }
                host.containerLogs.write("the password is Str0ng-pass-word!", at: 4, in: container)
                let path = "/platform/projects/\(ref)/services/db/logs?past=true"
                let last = try await host.events(path + "&tail=2")
                #expect(last.map(\.data) == ["old 3", "the password is <secret>!", "finished"])
                let since = try await host.events(path, after: "1970-01-01T00:00:00.000000001Z")
                #expect(since.map(\.data) == ["old 2", "old 3", "the password is <secret>!", "finished"])
                host.containerLogs.fail(with: [.unavailable("the engine is away")])
                let failed = try await host.events(path)
                #expect(failed.last?.data == "failed", "what cannot be read is not said to be all")
            }
        }
    }

    @Test("a service that is not there is waited for, an unknown one is refused")
    func waits() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            let events = try await host.events("/platform/projects/\(ref)/services/db/logs?follow=true")
            #expect(events == [StreamEnd.expired.event])
            let unknown = try await host.send("GET", "/platform/projects/\(ref)/services/nothing/logs?follow=true")
            #expect(unknown.status == 404)
        }
    }

    @Test("an engine that is away is waited for; one that refuses ends the stream, and the log of the manager says why")
    func refusal() async throws {
        try await APIHost.run(limits: Self.patient) { host in
            try await host.withLoops {
                let ref = try await host.create()
                try await host.wait(for: .active, of: ref)
                let service = try #require(ServiceName("db"))
                host.containerLogs.write("a line", at: 1, in: try await Self.container(of: service, ref, host))
                let refusal = EngineError.refused(status: 501, message: "this logging driver cannot be read")
                host.containerLogs.fail(with: [.unavailable("restarting"), .notFound(message: "removed")])
                let path = "/platform/projects/\(ref)/services/\(service)/logs?follow=true"
                let events = try await host.events(path) { !$0.isEmpty }
                #expect(events.map(\.data) == ["a line"])
                host.containerLogs.fail(with: [refusal])
                #expect(try await host.events(path) == [StreamEnd.failed.event])
                #expect(host.log.lines.contains { $0.contains("this logging driver cannot be read") })
            }
        }
    }

    @Test("readers of a paused project look at it together and rarely, and at once when its record changes")
    func paused() async throws {
        try await APIHost.run { host in
            let ref = try await host.create()
            try await host.bring(ref, to: .paused)
            let service = try #require(ServiceName("db"))
            // With this pause only a change that the manager knows of explains another look.
            let follower = ServiceLogFollower(
                catalog: host.catalog, engine: host.engine, logs: host.containerLogs, interval: .milliseconds(10),
                restMax: .seconds(3_600))
            let readers = 8
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<readers {
                    group.addTask {
                        for try await _ in follower.lines(of: service, in: ref, from: .last(lines: 10)) {}
                    }
                }
                try await Task.sleep(for: .seconds(1))
                let looks = host.engine.observationCount
                // Each reader's first, and then 10, 20, 40 … milliseconds apart for all.
                #expect(looks >= 2 && looks <= readers + 10)
                try await host.set(.resuming, of: ref)
                let end = ContinuousClock.now + .seconds(20)
                // On its way it is looked at each interval.
                while host.engine.observationCount < looks + 15, ContinuousClock.now < end {
                    try await Task.sleep(for: .milliseconds(20))
                }
                #expect(host.engine.observationCount >= looks + 15)
                group.cancelAll()
                while let result = await group.nextResult() {
                    if case .failure(let error) = result { #expect(error is CancellationError) }
                }
            }
        }
    }
}
