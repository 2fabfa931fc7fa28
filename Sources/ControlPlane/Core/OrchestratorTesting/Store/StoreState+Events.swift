import EventConsumers
import NotificationModel
import Orchestrator
import ProjectModel

/// Events, and what their consumers make of them.
extension StoreState {
    mutating func note(_ added: [ProjectEvent], of ref: ProjectRef) throws(StoreError) {
        guard records[ref] != nil else { return }
        for event in added { try write(event, of: ref) }
    }

    /// Adds an event to the history, and does what it leads to.
    mutating func write(_ event: ProjectEvent, of ref: ProjectRef) throws(StoreError) {
        guard let project = records[ref] else { return }
        events[ref] = ((events[ref] ?? []) + [event]).suffix(ProjectEvent.keptMax)
        eventTotals[ref, default: 0] += 1
        let subject = EventSubject(
            name: project.name.text,
            notifications: Array(notifications.marks(of: ref).prefix(NotificationStep.marksNeeded)))
        for effect in try consumers.effects(of: event, on: subject) {
            switch effect {
            case .notify(let step): notifications.apply(step, of: project, at: event.at)
            case .forgetContent: content.forget(ref)
            case .forgetFunctions: functions.forget(ref)
            }
        }
    }

    func recordedEvents(of ref: ProjectRef) -> [RecordedEvent] {
        let kept = events[ref] ?? []
        let first = (eventTotals[ref] ?? 0) - Int64(kept.count) + 1
        return kept.enumerated().map { RecordedEvent(number: first + Int64($0.offset), event: $0.element) }
    }
}
