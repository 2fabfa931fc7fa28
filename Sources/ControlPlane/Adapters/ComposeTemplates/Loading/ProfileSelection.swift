/// Leaves out the services whose profiles are not active.
struct ProfileSelection {
    /// The active profiles; `*` stands for all.
    let active: Set<String>

    func apply(to project: inout ComposeProject, log: ProblemLog) {
        let inactive = project.services.filter { !isActive($0.value) }
        for name in inactive.keys { project.services[name] = nil }
        for (name, service) in project.services.sorted(by: { $0.key < $1.key }) {
            for (other, dependency) in service.dependsOn.sorted(by: { $0.key < $1.key }) {
                guard let missing = inactive[other] else { continue }
                project.services[name]?.dependsOn[other] = nil
                guard dependency.isRequired else { continue }
                let profiles = missing.profiles.joined(separator: " or ")
                log.add(
                    .reference, path: "services.\(name).depends_on.\(other)",
                    "\(name) needs \(other), which is only there with the profile \(profiles)")
            }
        }
    }

    private func isActive(_ service: ComposeService) -> Bool {
        service.profiles.isEmpty || active.contains("*") || !active.isDisjoint(with: service.profiles)
    }
}
