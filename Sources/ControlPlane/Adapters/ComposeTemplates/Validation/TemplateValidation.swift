public import Orchestrator
import ProjectModel
import Reconciler

/// What shows that a template can be used: it renders, by the code that renders projects, with all of its services and
/// with those that a project has when it names none; and two projects made of it have nothing in common.
///
/// `template check`, the doctor and the manager's start rest on this one check.
public struct TemplateValidation: Sendable {
    /// The file with all of its services.
    public let project: ComposeProject
    /// Warnings, such as variables that are not set.
    public let warnings: [TemplateProblem]

    /// Checks `template`.
    /// - Throws: `TemplateError` with every problem that one run finds, each with its place.
    public init(_ template: StackTemplate) throws(TemplateError) {
        let loaded = try template.load(
            named: "a", environment: template.manifest.standIns(), profiles: ["*"])
        project = loaded.project
        warnings = loaded.warnings
        let renderers = Self.addresses.map { address in
            ComposeStackRenderer(
                template: template,
                settings: ComposeStackRenderer.Settings(
                    bindAddress: address, publicHost: address, imageRegistry: nil, projectsFolder: "/projects"))
        }
        for services in [nil, project.services.keys.sorted()] where services?.isEmpty != true {
            var stacks: [DesiredStack] = []
            for (number, renderer) in renderers.enumerated() {
                let paper = try PaperProject(number, renderer.requirements(services: services))
                stacks.append(try renderer.render(paper.record, values: paper.values))
            }
            if let claim = Self.commonClaim(stacks) {
                throw .broken("two projects of this template would both have \(claim)")
            }
        }
    }

    /// Addresses at which the two projects publish their ports: an installation has another one than the next.
    private static let addresses = ["192.0.2.254", "192.0.2.253"]

    /// Something that more than one of the stacks claims on the engine or the host.
    private static func commonClaim(_ stacks: [DesiredStack]) -> String? {
        var owners: [String: Int] = [:]
        for (number, stack) in stacks.enumerated() {
            for claim in claims(of: stack) {
                if let owner = owners.updateValue(number, forKey: claim), owner != number { return claim }
            }
        }
        let subnets = stacks.flatMap(\.networks).map(\.subnet).sorted()
        for (one, other) in zip(subnets, subnets.dropFirst()) where one.overlaps(other) {
            return "addresses of \(other)"
        }
        return nil
    }

    private static func claims(of stack: DesiredStack) -> [String] {
        stack.networks.map { "the network \($0.name)" } + stack.volumes.keys.map { "the volume \($0)" }
            + stack.services.values.map { "the container \($0.containerName)" }
            + stack.services.values.flatMap(\.spec.ports).map { "the host port \($0.hostPort)" }
    }
}
