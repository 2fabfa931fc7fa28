import Orchestrator
import ProjectModel
import Reconciler
import Testing

@testable import ComposeTemplates

/// `healthcheck` and `service_healthy` of a service that has no probe of its own.
@Suite("Health checks of Compose") struct HealthcheckRenderingTests {
    private func probe(_ body: String) throws -> Probe? {
        try Rendering.stack("services:\n  a:\n    image: i\n    \(body)\n").services[.named("a")]?.probe
    }

    @Test("the manager runs the command of a healthcheck, and its own probe where there is one")
    func probes() throws {
        #expect(try probe("healthcheck: {test: [CMD, pg_isready, -q]}") == .exec(command: ["pg_isready", "-q"]))
        #expect(try probe("healthcheck: {test: curl -f x}") == .exec(command: ["/bin/sh", "-c", "curl -f x"]))
        #expect(
            try probe("healthcheck: {test: [CMD-SHELL, \"a | b\"]}") == .exec(command: ["/bin/sh", "-c", "a | b"]))
        #expect(
            try probe("healthcheck: {test: [CMD, x]}\n    x-supamanager: {probe: {tcp: {port: 1}}}") == .tcp(port: 1))
        #expect(try probe("healthcheck: {test: [NONE]}") == nil)
        #expect(try probe("healthcheck: {disable: true}") == nil)
        #expect(try probe("restart: always") == nil)
    }

    @Test("a long start period gives the service more time for its first start")
    func startPeriod() throws {
        func deadline(_ body: String) throws -> Duration? {
            try Rendering.stack("services:\n  a:\n    image: i\n    \(body)\n").services[.named("a")]?.bootDeadline
        }
        let usual = DesiredService.bootDeadlineDefault
        #expect(try deadline("healthcheck: {test: [CMD, x], start_period: 10m}") == .seconds(600))
        #expect(try deadline("healthcheck: {test: [CMD, x], start_period: 10s}") == usual)
        #expect(
            try deadline(
                "healthcheck: {test: [CMD, x], start_period: 10m}\n    x-supamanager: {boot-seconds: 30}")
                == .seconds(30))
    }

    @Test("waiting for unobservable health is refused at its place")
    func unknowable() {
        let text = """
            services:
              a: {image: i, depends_on: {b: {condition: service_healthy}}}
              b: {image: i}

            """
        let reason =
            "b has neither a healthcheck nor x-supamanager.probe, so its health is unknown: give it one, or wait for service_started"
        #expect(problems(text) == ["compose.yaml:2:30: services.a.depends_on.b: \(reason)"])
        #expect(problems(text.replacing("b: {image: i}", with: "b: {image: i, healthcheck: {test: [CMD, x]}}")).isEmpty)
        #expect(
            problems(text.replacing("b: {image: i}", with: "b: {image: i, healthcheck: {test: [NONE]}}")).count == 1)
        #expect(
            problems("services: {a: {image: i, healthcheck: {interval: 5s}}}") == [
                "compose.yaml:1:26: services.a.healthcheck: without a test it is the image's own, which the manager does not run: write the test"
            ])
    }
}
