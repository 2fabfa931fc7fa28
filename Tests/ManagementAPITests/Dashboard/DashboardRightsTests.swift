import HTTPTypes
import Identity
import NIOCore
import Orchestrator
import OrchestratorTesting
import ProjectModel
import Testing

@testable import APIKit
@testable import Dashboard
@testable import ManagementAPI

/// The dashboard allows what the API allows, to each person.
@Suite("Rights in the dashboard")
struct DashboardRightsTests {
    @Test("members see buttons and pages as their role allows; a stranger sees no project")
    func roles() async throws {
        try await APIHost.run { host in
            let ref = try await host.create("shop")
            try await host.set(.active, of: ref)
            let path = "/dashboard/projects/\(ref)"
            for person in Person.allCases {
                let browser = try await BrowserVisitor(host, as: person)
                let page = try await browser.get(path)
                guard person != .stranger else {
                    #expect(page.status == 404)
                    #expect(try await !browser.get("/dashboard").text.contains("shop"))
                    continue
                }
                let granted = person.principal.permissions(in: "default", project: ref)
                #expect(page.text.contains("\(path)/pause") == granted.contains(.projectAdminWrite), "\(person)")
                #expect(page.text.contains("\(path)/keys") == granted.contains(.apiKeysRead), "\(person)")
                #expect(page.text.contains("/logs\"") == granted.contains(.analyticsLogsRead), "\(person)")
            }
        }
    }

    @Test("what is not shown is not allowed either", arguments: [Person.developer, .readOnly, .stranger])
    func refused(person: Person) async throws {
        try await APIHost.run { host in
            let ref = try await host.create("shop")
            try await host.set(.active, of: ref)
            let browser = try await BrowserVisitor(host, as: person)
            let status = person == .stranger ? 404 : 403
            for verb in ["pause", "restart", "delete"] {
                let answer = try await browser.post(
                    "/dashboard/projects/\(ref)/\(verb)", ["name": "shop", "data": "destroy"])
                #expect(answer.status == status, "\(verb)")
            }
            let created = try await browser.post("/dashboard/new", ["name": "more", "organization": "default"])
            #expect(created.status == status)
            if person != .developer {
                #expect(try await browser.post("/dashboard/projects/\(ref)/keys").status == status)
            }
            #expect(try await host.store.project(ref)?.status == .active)
        }
    }

    @Test("every page of a project and an organization is closed to strangers, as the API is")
    func strangers() async throws {
        try await APIHost.run { host in
            let ref = try await host.create("shop")
            let browser = try await BrowserVisitor(host, as: .stranger)
            let site = try #require(host.api.pipeline.site)
            for route in site.routes.routes where route.path.contains("{ref}") || route.path.contains("{slug}") {
                let path = route.path.replacing("{ref}", with: ref.text).replacing("{slug}", with: "default")
                    .replacing("{service}", with: "db").replacing("{identifier}", with: Person.owner.account.id)
                let answer =
                    try await route.method == .get
                    ? browser.get(path) : browser.post(path, ["name": "shop", "data": "destroy"])
                #expect(answer.status == 404, "\(route.name)")
                #expect(!answer.text.contains("shop"), "\(route.name)")
            }
        }
    }
}
