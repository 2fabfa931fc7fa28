import Orchestrator
import ProjectModel
import Reconciler

/// The template versions of a campaign: some that come up, one whose service never answers, one whose image cannot be
/// pulled, one with another set of services.
enum CampaignTemplates {
    /// Image of a service that never answers.
    static let silentImage = "test/rest:silent"
    /// Image that no registry has.
    static let absentImage = "test/auth:absent"

    /// All versions; a campaign begins with the first.
    static let all: [[TemplateService]] = [
        Simulation.template,
        version([.auth: "test/auth:2"]),
        version([.db: "test/db:1.2", .gateway: "test/gateway:2"]),
        version([.rest: silentImage, .auth: "test/auth:3"]),
        version([.auth: absentImage, .db: "test/db:1.2"]),
        version([.rest: "test/rest:2"]) + [TemplateService(.meta, dependencies: [Dependency(on: .db)])],
    ]

    private static func version(_ images: [ServiceName: String]) -> [TemplateService] {
        Simulation.template.map { service in
            var service = service
            service.image = images[service.name] ?? service.image
            return service
        }
    }

    /// Makes the images of all versions what they are.
    static func prepare(_ engine: FakeEngine) {
        let images = Set(all.flatMap { $0.map(\.image) }).subtracting([absentImage])
        engine.addImages(images)
        engine.setPullable(false, image: absentImage)
        engine.behave(image: silentImage, as: ServiceBehaviour(answers: false))
    }
}
