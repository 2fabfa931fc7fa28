import Foundation
import Orchestrator
import ProjectModel
import Reconciler
import TemplateSamples
import Testing

@testable import ComposeTemplates

/// Whatever passes `template check` renders for every project, and projects have nothing in common.
@Suite("Checked templates render") struct ValidationPropertyTests {
    private static func withTemplate(
        _ sample: GeneratedTemplate, _ body: (URL) throws -> Void
    ) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "sample-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        for (path, text) in sample.files.merging(["compose.yaml": sample.text], uniquingKeysWith: { $1 }) {
            let file = folder.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        try body(folder)
    }

    @Test("check and manager agree", arguments: UInt64(0)..<12)
    func agreement(block: UInt64) throws {
        var passed = 0
        for seed in (block * 100)..<(block * 100 + 100) {
            let sample = GeneratedTemplate(seed: seed)
            try Self.withTemplate(sample) { folder throws in
                let report = TemplateCommands.check(
                    folder: folder.path, fileName: "compose.yaml", shownName: "compose.yaml")
                guard report.isSuccess else {
                    // A refusal names the place, line and column of the text, unless it is about the whole file.
                    let first = report.notes.split(separator: "\n").first ?? ""
                    let place = /compose\.yaml:[0-9]+:[0-9]+: .*|no service is chosen.*/
                    #expect(first.wholeMatch(of: place) != nil, "seed \(seed): \(first)")
                    return
                }
                passed += 1
                try Self.checkProjects(folder, seed)
            }
        }
        #expect(passed > 0, "none of 100 templates passes: the samples show nothing")
    }

    /// Renders two projects with leases, names and settings of their own, and fills their folders.
    private static func checkProjects(_ folder: URL, _ seed: UInt64) throws {
        let template = try StackTemplate(folder: folder.path)
        let root = folder.appending(path: "projects").path
        let renderer = ComposeStackRenderer(
            template: template,
            settings: .init(
                bindAddress: "127.0.0.1", publicHost: "127.0.0.1", imageRegistry: nil, projectsFolder: root))
        let needs = try renderer.requirements(services: nil)
        var claims: [String: String] = [:]
        var subnets: [IPv4Network] = []
        for (ref, subnet, port) in [
            ("qwertyuiopasdfghjklz", "10.201.0.64/27", 61_000), ("mnbvcxzlkjhgfdsapoiu", "10.77.9.224/27", 20_000),
        ] {
            let record = try record(ref, subnet: subnet, firstPort: UInt16(port), needs)
            let values = ProjectValues(
                secrets: Dictionary(uniqueKeysWithValues: needs.secrets.map { ($0.name, Secret("s")) }),
                settings: ["LEVEL": Secret("debug"), "LIMIT": Secret("128m")])
            let stack = try renderer.render(record, values: values)
            try TemplateProjectFolders(root: root).prepare(stack, files: renderer.projectFiles)
            for claim in stack.networks.map(\.name) + stack.volumes.keys + stack.services.values.map(\.containerName)
                + stack.services.values.flatMap(\.spec.ports).map({ "\($0.hostPort)" })
            {
                #expect(claims.updateValue(ref, forKey: claim) != ref || claim.allSatisfy(\.isNumber), "seed \(seed)")
                #expect(claims[claim] == ref, "seed \(seed): both projects have \(claim)")
            }
            #expect(!stack.networks.contains { network in subnets.contains { $0.overlaps(network.subnet) } })
            subnets += stack.networks.map(\.subnet)
            for case .bind(let path) in stack.services.values.flatMap(\.spec.mounts).map(\.source) {
                #expect(FileManager.default.fileExists(atPath: path), "seed \(seed): \(path)")
            }
        }
    }

    private static func record(
        _ ref: String, subnet: String, firstPort: UInt16, _ needs: StackRequirements
    ) throws -> ProjectRecord {
        let now = Timestamp(milliseconds: 0)
        let ports = zip(needs.ports, firstPort...).map { ($0, $1) }
        return ProjectRecord(
            number: 1, ref: try #require(ProjectRef(ref)), name: try ProjectName("demo"), organizationSlug: "default",
            region: "local", cloudProvider: "AWS", status: .provisioning, services: needs.services,
            leases: Leases(
                ports: Dictionary(uniqueKeysWithValues: ports), subnet: try #require(IPv4Network(subnet))),
            insertedAt: now, updatedAt: now, statusChangedAt: now)
    }

    /// Files that people wrote, where recordings of them are available: what passes renders, and nothing else does.
    @Test(.enabled(if: SharedData.exists("compose-loads.json")))
    func recordedFiles() throws {
        struct Cases: Decodable { var cases: [Case] }
        struct Case: Decodable { var content: String }
        let cases = try SharedData.decode(Cases.self, from: "compose-loads.json").cases
        for (index, recorded) in cases.enumerated() {
            let folder = FileManager.default.temporaryDirectory.appending(path: "recorded-\(UUID().uuidString)")
            defer { try? FileManager.default.removeItem(at: folder) }
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(recorded.content.utf8).write(to: folder.appending(path: "compose.yaml"))
            let report = TemplateCommands.check(folder: folder.path, fileName: "compose.yaml", shownName: "f")
            let rendered = Result { () throws in try Rendering.stack(recorded.content) }
            switch (report.isSuccess, rendered) {
            case (true, .failure(let error)): Issue.record("case \(index) passes the check, but: \(error)")
            case (false, .failure(let error)): #expect(error is TemplateError, "case \(index): \(error)")
            default: break
            }
        }
    }

    @Test(
        "what the check passed and the manager refused is refused by both",
        arguments: [
            "services: {a: {image: i, env_file: missing.env}}", "services: {a: {image: i, ports: [\"3000\"]}}",
            "services: {a: {image: i, volumes: [\"v:/v\"]}}\nvolumes: {v: {labels: {a: b}}}",
            "services: {a: {image: i, volumes: [\"v:/v\"]}}\nvolumes: {v: {name: fixed}}",
            "services: {a: {image: i}}\nnetworks: {default: {name: fixed}}",
            "services: {a: {image: i, volumes: [\"./missing:/v:ro\"]}}",
            "services: {a: {image: i, ports: [\"80:80\"]}}",
            "services: {a: {image: i}}\nnetworks: {default: {ipam: {config: [{subnet: 10.0.0.0/27}]}}}",
            "x-supamanager: {ports: [P]}\nservices: {a: {image: i, ports: [\"127.0.0.1:${P}:80\", \"127.0.0.2:${P}:81\"]}}",
            "services: {a: {image: Upper/Case:1}}",
        ])
    func refusedByBoth(text: String) throws {
        try Self.withTemplate(GeneratedTemplate(seed: 0)) { folder throws in
            try Data((text + "\n").utf8).write(to: folder.appending(path: "compose.yaml"))
            let report = TemplateCommands.check(folder: folder.path, fileName: "compose.yaml", shownName: "f")
            #expect(!report.isSuccess)
        }
        #expect(throws: TemplateError.self) { try Rendering.stack(text + "\n") }
    }

    @Test("an env_file beside the file and two networks are honoured")
    func honoured() throws {
        let stack = try Rendering.stack(
            "services: {a: {image: i, env_file: a.env, networks: [x, y]}}\nnetworks: {x: , y: }\n",
            files: ["a.env": "A=1\r\nB='2'\r\n"])
        #expect(stack.networks.count == 2)
        #expect(stack.services[.named("a")]?.spec.environment.reveal() == ["A": "1", "B": "2"])
    }
}
