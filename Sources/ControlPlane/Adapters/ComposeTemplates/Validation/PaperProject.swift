import Orchestrator
import ProjectModel
import Reconciler

/// A project that exists on paper: everything that the manager would lease and mint for it, so that a template can be
/// rendered before there is any project. Two of them have nothing in common.
struct PaperProject {
    /// The first half of a pool that no address of is ever used.
    private static let pool = "192.0.2.0/24"
    private static let firstPort = 54_320
    /// Ports of one such project.
    private static let portsMax = 1_000

    let record: ProjectRecord
    let values: ProjectValues

    /// Project `number`, 0 or 1, with `services` and what they need.
    init(_ number: Int, _ needs: StackRequirements) throws(TemplateError) {
        let letter = number == 0 ? "a" : "b"
        guard needs.ports.count <= Self.portsMax, let ref = ProjectRef(String(repeating: letter, count: 20)),
            let subnet = IPv4Network(Self.pool)?.address(at: UInt32(number) * 32),
            let lease = IPv4Network(containing: subnet, prefixLength: 27)
        else { throw .broken("it asks for more than \(Self.portsMax) ports") }
        let first = Self.firstPort + number * Self.portsMax
        let ports = needs.ports.enumerated().map { ($0.element, UInt16(clamping: first + $0.offset)) }
        let name: ProjectName
        do { name = try ProjectName("project \(letter)") } catch { throw .broken("\(error)") }
        let now = Timestamp(milliseconds: 0)
        record = ProjectRecord(
            number: Int64(number), ref: ref, name: name, organizationSlug: "default", region: "local",
            cloudProvider: "AWS", status: .provisioning, services: needs.services,
            leases: Leases(ports: Dictionary(ports) { first, _ in first }, subnet: lease), insertedAt: now,
            updatedAt: now, statusChangedAt: now)
        let secrets = needs.secrets.map { ($0.name, String(repeating: letter, count: $0.length)) }
        let tokens = needs.tokens.map { ($0.name, "header.claims.\(letter)") }
        values = ProjectValues(secrets: Dictionary((secrets + tokens).map { ($0, Secret($1)) }) { first, _ in first })
    }
}
