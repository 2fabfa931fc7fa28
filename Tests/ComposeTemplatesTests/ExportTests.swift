import Foundation
import Orchestrator
import ProjectModel
import Reconciler
import Testing

@testable import ComposeTemplates

/// A project as files for other tools: the same containers, and no secret outside of `.env`.
@Suite("Exports") struct ExportTests {
    private static let folder =
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path + "/Templates/supabase"

    private func renderer() throws -> ComposeStackRenderer {
        ComposeStackRenderer(
            template: try StackTemplate(folder: Self.folder),
            settings: .init(
                bindAddress: "127.0.0.1", publicHost: "127.0.0.1", imageRegistry: "mirror.example/x",
                projectsFolder: "/data/projects"))
    }

    /// A project of all services, with values that are hard to quote.
    private func project(_ renderer: ComposeStackRenderer) throws -> (ProjectRecord, ProjectValues) {
        let needs = try renderer.requirements(services: nil)
        let now = Timestamp(milliseconds: 0)
        let ports = zip(needs.ports, UInt16(61_000)...).map { ($0, $1) }
        let record = ProjectRecord(
            number: 1, ref: try #require(ProjectRef("abcdefghijklmnopqrst")), name: try ProjectName("demo"),
            organizationSlug: "default", region: "local", cloudProvider: "AWS", status: .active,
            services: needs.services,
            leases: Leases(
                ports: Dictionary(uniqueKeysWithValues: ports), subnet: try #require(IPv4Network("10.201.0.64/27"))),
            insertedAt: now, updatedAt: now, statusChangedAt: now)
        let names = needs.secrets.map(\.name) + needs.tokens.map(\.name)
        let secrets = names.map { ($0, Secret("S3cret-\($0)")) }
        let values = ProjectValues(
            secrets: Dictionary(uniqueKeysWithValues: secrets),
            settings: [
                "SMTP_PASS": Secret("S3cret $x 'quoted' \"twice\""), "SITE_URL": Secret("https://a.example/$b"),
            ],
            functionSecrets: ["STRIPE": Secret("S3cret\nlines # here")])
        return (record, values)
    }

    @Test("no confidential value stands in the Compose file, and .env holds what it uses")
    func confidential() throws {
        let renderer = try renderer()
        let (record, values) = try project(renderer)
        let export = try renderer.export(record, values: values)
        #expect(!export.compose.contains("S3cret"))
        #expect(!export.compose.contains("@supamanager:"))
        #expect(export.compose.contains("https://a.example/$$b"))
        #expect(export.environment["POSTGRES_PASSWORD"]?.reveal() == "S3cret-POSTGRES_PASSWORD")
        #expect(export.environment["FUNCTION_SECRET_STRIPE"] != nil)
        #expect(export.environment["COMPOSE_PROJECT_NAME"]?.reveal() == "abcdefghijklmnopqrst")
        #expect(export.files.keys.contains("volumes/db/roles.sql"))
    }

    @Test("the exported files make the containers that the manager makes")
    func sameContainers() throws {
        let renderer = try renderer()
        let (record, values) = try project(renderer)
        let export = try renderer.export(record, values: values)
        let variables = try DotEnv.parse(try EnvironmentFile.text(export.environment))
        var options = ComposeLoader.Options(environment: variables)
        options.fallbackName = variables["COMPOSE_PROJECT_NAME"]
        options.policy = .unrestricted
        let loaded = try ComposeLoader.load(text: export.compose, fileName: "compose.yaml", options: options)
        #expect(loaded.warnings.isEmpty)
        let stack = try renderer.render(record, values: values)
        #expect(Set(loaded.project.services.keys) == Set(stack.services.keys.map(\.text)))
        for (name, desired) in stack.services {
            let service = try #require(loaded.project.services[name.text])
            #expect(service.environment.compactMapValues { $0 } == desired.spec.environment.reveal(), "\(name)")
            #expect(service.image == desired.spec.image)
            #expect(service.command == desired.spec.command, "\(name)")
            #expect(service.memoryLimitBytes.map { Int64($0) } == desired.spec.resources.memoryBytes)
            #expect(
                service.ports.compactMap(\.publishedPort).sorted()
                    == desired.spec.ports.map { Int($0.hostPort) }.sorted())
            #expect(
                Set(service.networks.values.compactMap(\.ipv4Address))
                    == Set(desired.spec.networks.compactMap { $0.address?.description }))
            #expect(service.volumes.count + service.tmpfs.count == desired.spec.mounts.count, "\(name)")
        }
        #expect(Set(loaded.project.volumes.values.compactMap(\.name)) == Set(stack.volumes.keys))
        #expect(Set(loaded.project.networks.values.compactMap(\.name)) == Set(stack.networks.map(\.name)))
    }

    @Test(
        "nothing that older implementations refuse is in it",
        arguments: ["\nname:", "required:", "host_ip:", ": null", "placement", "configs:"])
    func portable(word: String) throws {
        let renderer = try renderer()
        let (record, values) = try project(renderer)
        #expect(!(try renderer.export(record, values: values).compose.contains(word)))
    }

    @Test(
        ".env values come back as they were",
        arguments: [
            "plain-1", "", "a b", "a$b", "it's", "\"x\"", "a#b # c", "{\"k\":[1]}", "l1\nl2", "back\\slash", "é",
        ])
    func quoting(value: String) throws {
        let text = try EnvironmentFile.text(["A": Secret(value), "B": Secret("end")])
        #expect(try DotEnv.parse(text) == ["A": value, "B": "end"], "\(text)")
    }

    @Test(
        "a mark of syntax stays inside of its value, whatever stands beside it",
        arguments: [("\u{600}", ""), ("", "\u{301}"), ("", "\u{200D}"), ("\u{600}", "\u{301}")])
    func companions(before: String, after: String) throws {
        func beside(_ mark: String) -> String { before + mark + after }
        let values = ["'", "\"", "$", "\\"].map { "x" + beside($0) + "{JWT_SECRET}y" }
        for value in values {
            let text = try EnvironmentFile.text(["A": Secret(value), "B": Secret("end")])
            #expect(try DotEnv.parse(text) == ["A": value, "B": "end"], "\(text)")
        }
        #expect(throws: EnvironmentFile.Failure.self) {
            try EnvironmentFile.text(["A": Secret("x" + beside("'") + "\nCOMPOSE_FILE=evil.yaml\nZ=" + beside("'"))])
        }
    }

    @Test("a setting that looks like a stand-in is no reference to a secret")
    func forgedMarker() throws {
        let renderer = try renderer()
        let (record, plain) = try project(renderer)
        var values = plain
        values.settings["SITE_URL"] = Secret("https://a.example/@supamanager:JWT_SECRET@")
        #expect(try renderer.export(record, values: values).compose.contains("@supamanager:JWT_SECRET@"))
    }

    @Test("stand-ins are replaced in one pass, however many values there are", .timeLimit(.minutes(2)))
    func manyMarkers() {
        var markers = ConfidentialMarkers()
        let names = (0..<2_000).map { "NAME_\($0)" }
        let stand = names.map { markers.add($0, Secret("value of \($0)")) }
        let filler = String(repeating: "@supamanager-", count: 20_000)
        let text = filler + stand[7] + stand[7].dropLast() + " " + stand[1_999] + "@"
        #expect(markers.references(in: text) == filler + "${NAME_7}" + stand[7].dropLast() + " ${NAME_1999}@")
        #expect(markers.revealed(in: stand[3] + "-" + stand[4]) == "value of NAME_3-value of NAME_4")
        #expect(markers.used(in: text) == ["NAME_7", "NAME_1999"])
    }

    @Test("a value that no .env file can hold is refused without being shown")
    func impossible() {
        let error = #expect(throws: EnvironmentFile.Failure.self) {
            try EnvironmentFile.text(["A": Secret("it's\nhush")])
        }
        #expect(error?.description.contains("hush") == false)
    }
}
