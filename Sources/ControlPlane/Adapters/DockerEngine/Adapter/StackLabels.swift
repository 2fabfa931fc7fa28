import ProjectModel
import Reconciler

/// Labels on every object that the manager makes: Compose's own, so that `docker compose ls` and `ps` know the
/// project and its owner can leave with it, and ours, by which we know what we may touch.
enum StackLabels {
    static let installation = OwnLabels.CodingKeys.installation.rawValue
    static let project = OwnLabels.CodingKeys.project.rawValue
    static let volumeIdentity = "supamanager.volume-id"
    static let helper = DesiredService.helperLabel
    static let composeProject = "com.docker.compose.project"
    static let composeService = OwnLabels.CodingKeys.service.rawValue
    static let composeConfigHash = "com.docker.compose.config-hash"
    static let composeContainerNumber = "com.docker.compose.container-number"
    static let composeOneOff = "com.docker.compose.oneoff"
    static let composeNetwork = "com.docker.compose.network"
    static let composeVolume = "com.docker.compose.volume"

    /// Labels of any object of a project.
    static func common(_ ref: ProjectRef, installation id: String) -> [String: String] {
        [installation: id, project: ref.text, composeProject: ref.text]
    }

    static func container(_ service: DesiredService) -> [String: String] {
        [
            composeService: service.name.text, composeConfigHash: service.configHash, composeContainerNumber: "1",
            composeOneOff: "False",
        ]
    }

    /// The filter for everything of an installation, or of one of its projects.
    static func filter(installation id: String, _ ref: ProjectRef? = nil) -> [LabelFilter] {
        [.equals(installation, id)] + (ref.map { [.equals(project, $0.text)] } ?? [])
    }
}

/// The labels that say whose an object is.
struct OwnLabels: Sendable, Equatable, Decodable {
    let installation: String?
    let project: String?
    /// As Compose names it.
    let service: String?

    enum CodingKeys: String, CodingKey {
        case installation = "supamanager.installation"
        case project = "supamanager.project"
        case service = "com.docker.compose.service"
    }
}
