import Orchestrator
import ProjectModel
import Reconciler
import Synchronization

/// Users who ask for things, and a world in which things happen. Everything is drawn from the seed.
struct SimulationWorld: Sendable {
    let host: SimulatedHost
    let weather: Weather
    let auditor: SimulationAuditor
    let random: SharedGenerator
    /// Draws for template versions alone.
    let versions: SharedGenerator

    /// Most projects at once.
    private static let projectsMax = 3

    /// Longest time by which an event comes late.
    private static let eventDelayMax: Duration = .seconds(4)

    /// Projects whose creation was acknowledged, in order.
    let acknowledged = Acknowledged()

    final class Acknowledged: Sendable {
        private let refs = Mutex<[ProjectRef]>([])

        var all: [ProjectRef] { refs.withLock { $0 } }
        func append(_ ref: ProjectRef) { refs.withLock { $0.append(ref) } }
    }

    let outages = Outages()

    final class Outages: Sendable {
        private let number = Atomic<Int>(0)

        var count: Int { number.load(ordering: .relaxed) }
        func change(by difference: Int) { number.add(difference, ordering: .relaxed) }
    }

    /// One thing that a user asks for.
    func act(through manager: SimulatedManager) async {
        let refs = acknowledged.all
        let living = await living(refs)
        guard living.count > 0, random.number(below: 4) > 0 || living.count >= Self.projectsMax else {
            return await create(through: manager)
        }
        let ref = living[random.number(below: living.count)]
        if versions.number(below: 4) == 0 { return await upgrade(ref, manager) }
        let event = drawEvent()
        await ask(event, ref: ref, manager: manager)
        if random.number(below: 6) == 0 {
            weather.count(.requestRepeated)
            await ask(event, ref: ref, manager: manager)
        }
    }

    private func drawEvent() -> ProjectLifecycle.Event {
        let events: [ProjectLifecycle.Event] = [
            .pauseRequested, .pauseRequested, .resumeRequested, .resumeRequested, .restartRequested, .deleteRequested,
        ]
        return events[random.number(below: events.count)]
    }

    /// A user asks for something of a project at the very moment at which the loop has read what is.
    func interrupt(_ ref: ProjectRef, through manager: SimulatedManager) async {
        await ask(drawEvent(), ref: ref, manager: manager)
    }

    private func living(_ refs: [ProjectRef]) async -> [ProjectRef] {
        var living: [ProjectRef] = []
        for ref in refs {
            if let status = try? await host.store.project(ref)?.status, status != .deleted { living.append(ref) }
        }
        return living
    }

    private func create(through manager: SimulatedManager) async {
        let name = "project \(random.number(below: 1_000_000))"
        guard let ref = try? await manager.create(name, password: "Pass-\(random.number(below: 1_000_000))-word") else {
            return auditor.noteStep("create refused")
        }
        acknowledged.append(ref)
        auditor.noteStep("create \(ref)")
    }

    private func ask(_ event: ProjectLifecycle.Event, ref: ProjectRef, manager: SimulatedManager) async {
        // A refusal is an answer like any other.
        let isAccepted = (try? await manager.catalog.request(event, of: ref)) != nil
        auditor.noteStep("\(event) \(ref) \(isAccepted)")
    }

    private func upgrade(_ ref: ProjectRef, _ manager: SimulatedManager) async {
        let isAccepted = (try? await manager.catalog.upgrade(ref)) != nil
        auditor.noteStep("upgrade \(ref) \(isAccepted)")
        guard isAccepted, versions.number(below: 5) == 0 else { return }
        try? await host.time.sleep(for: .milliseconds(versions.number(below: 8_000)))
        await cancel(ref, manager)
    }

    /// A user takes back what is in progress by now: not always what was asked for last.
    private func cancel(_ ref: ProjectRef, _ manager: SimulatedManager) async {
        guard let open = try? await manager.catalog.openOperation(of: ref) else { return }
        let isAccepted = (try? await manager.catalog.cancel(open.id, of: ref)) != nil
        auditor.noteStep("cancel \(open.kind) \(ref) \(isAccepted)")
    }

    /// Replaces the template on disk; the next manager reads it.
    func changeTemplate() {
        guard versions.number(below: 3) > 0 else { return }
        let number = versions.number(below: CampaignTemplates.all.count)
        host.disk.install(CampaignTemplates.all[number])
        auditor.noteStep("template \(number)")
    }

    // MARK: What happens

    /// One thing that happens to the engine, the host or a container.
    func disturb() async {
        let refs = acknowledged.all
        let services: [ServiceName] = [.db, .auth, .rest, .gateway]
        let service = services[random.number(below: services.count)]
        let ref = refs.isEmpty ? nil : refs[random.number(below: refs.count)]
        switch random.number(below: 20) {
        case 0, 1: if let ref { happen(.processKilled) { host.engine.kill(service, of: ref) } }
        case 2: if let ref { happen(.containerRemoved) { host.engine.setState(nil, of: service, in: ref) } }
        case 3: if let ref { happen(.containerMeddled) { host.engine.setState(.paused, of: service, in: ref) } }
        case 4: if let ref { happen(.containerMeddled) { host.engine.setState(.exited, of: service, in: ref) } }
        case 5: await stealPort()
        case 6: await outage(.engineDown) { host.engine.setDown($0) }
        case 7: await outage(.storeDown) { host.store.setDown($0) }
        case 8: await outage(.eventsLost) { host.engine.setDropsEvents($0) }
        case 12, 13:
            await spoil(
                service, kind: .serviceCrashes, behaviour: ServiceBehaviour(exit: .init(code: 1, after: crashAfter)))
        case 15, 16: setClock()
        case 14: await outage(.eventsLate) { host.engine.setEventDelay(upTo: $0 ? Self.eventDelayMax : .zero) }
        case 9: await loseImage("test/\(service):1")
        case 10: await spoil(service, kind: .serviceHangs, behaviour: ServiceBehaviour(answers: false))
        case 17, 18: if let ref { await holdNetworks(of: ref) }
        case 11: weather.fillDisk(until: host.time.steady + .seconds(random.number(below: 20) + 1))
        default: await loseAnswers()
        }
    }

    /// Half a second to two hours, so that every deadline of the program is smaller and greater than some.
    private func setClock() {
        let seconds = [1, 10, 60, 600, 7_200][random.number(below: 5)]
        let size = Duration.milliseconds(500 + random.number(below: seconds * 1_000))
        if random.number(below: 2) == 0 {
            happen(.clockForwards) { host.time.setClock(by: size) }
        } else {
            happen(.clockBackwards) { host.time.setClock(by: .zero - size) }
        }
    }

    private func happen(_ kind: FaultKind, _ body: () -> Void) {
        weather.count(kind)
        body()
        auditor.noteStep(kind.rawValue)
    }

    private func outage(_ kind: FaultKind, _ set: (Bool) -> Void) async {
        outages.change(by: 1)
        happen(kind) { set(true) }
        try? await host.time.sleep(for: .milliseconds(random.number(below: 15_000) + 1))
        set(false)
        outages.change(by: -1)
    }

    /// Whether engine and database are available and events arrive.
    var isQuiet: Bool { outages.count == 0 }

    private func stealPort() async {
        // A port that the next project would get, or one that a stopped project counts on.
        guard let port = UInt16(exactly: 54_320 + random.number(below: 12)) else { return }
        guard !host.engine.occupants.contains(where: { $0.ports.contains(port) }) else { return }
        happen(.portStolen) {
            host.engine.setHostPort(port, isTaken: true)
            host.network.setListening([port])
        }
        try? await host.time.sleep(for: .milliseconds(random.number(below: 20_000) + 1))
        host.engine.setHostPort(port, isTaken: false)
        host.network.setListening([])
    }

    private func spoil(_ service: ServiceName, kind: FaultKind, behaviour: ServiceBehaviour) async {
        happen(kind) { host.engine.behave(service, as: behaviour) }
        try? await host.time.sleep(for: .milliseconds(random.number(below: 80_000) + 1))
        host.engine.behave(service, as: ServiceBehaviour())
    }

    private var crashAfter: Duration { .milliseconds(random.number(below: 2_000) + 50) }

    private func loseImage(_ image: String) async {
        happen(.imageGone) {
            host.engine.removeImages([image])
            host.engine.setPullable(false, image: image)
        }
        try? await host.time.sleep(for: .milliseconds(random.number(below: 60_000) + 1))
        host.engine.setPullable(true, image: image)
    }

    private func holdNetworks(of ref: ProjectRef) async {
        happen(.networkHeld) { host.engine.setNetworksHeld(true, of: ref) }
        try? await host.time.sleep(for: .milliseconds(random.number(below: 80_000) + 1))
        host.engine.setNetworksHeld(false, of: ref)
    }

    private func loseAnswers() async {
        happen(.callLate) {
            let call = host.engine.calls.count + 1 + random.number(below: 4)
            host.engine.setFault(.carryOutLate(after: .milliseconds(Int64(random.number(below: 4_000)))), atCall: call)
        }
    }

    /// Some service of all projects stops answering.
    func silence() -> ServiceName {
        let services: [ServiceName] = [.db, .auth, .rest, .gateway]
        let service = services[random.number(below: services.count)]
        happen(.serviceHangs) { host.engine.behave(service, as: ServiceBehaviour(answers: false)) }
        return service
    }

    /// Stops a service of every running project by hand.
    func stopEverywhere(_ service: ServiceName) {
        for ref in acknowledged.all where host.engine.container(service, of: ref)?.state == .running {
            happen(.containerMeddled) { host.engine.setState(.exited, of: service, in: ref) }
        }
    }

    /// Ends every fault.
    func clearUp() {
        weather.clearUp()
        host.engine.setDown(false)
        host.engine.setDropsEvents(false)
        host.engine.setEventDelay(upTo: .zero)
        host.store.setDown(false)
        host.network.setListening([])
        for ref in acknowledged.all { host.engine.setNetworksHeld(false, of: ref) }
        for port in UInt16(54_320)...54_340 { host.engine.setHostPort(port, isTaken: false) }
        for service in [ServiceName.db, .auth, .rest, .gateway] {
            host.engine.setPullable(true, image: "test/\(service):1")
            host.engine.behave(service, as: ServiceBehaviour())
        }
    }
}

/// One stream of random numbers for all tasks of a simulation, which run one at a time.
final class SharedGenerator: Sendable {
    private let generator: Mutex<SeededGenerator>

    init(seed: UInt64) { generator = Mutex(SeededGenerator(seed: seed)) }

    /// A number from 0 to below `bound`, which must be positive.
    func number(below bound: Int) -> Int {
        generator.withLock { Int($0.next() % UInt64(max(1, bound))) }
    }

    func draw() -> ProjectRef { generator.withLock { ProjectRef(using: &$0) } }
}
