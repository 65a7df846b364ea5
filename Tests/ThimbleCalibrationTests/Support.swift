import ThimbleEvaluation
import ThimbleTestSupport

let smallCheckpoint = repository("Tests/ThimbleModelTests/Fixtures/xlm-small")
let classifierCheckpoint = repository(
  "Tests/ThimbleCheckpointTests/Fixtures/tiny/XLMForSequenceClassification.safetensors")

func sampleText(_ languages: String...) throws -> EvaluationText {
  let folder = repository("Tests/ThimbleEvaluationTests/Fixtures/text")
  return try EvaluationText(
    paths: languages.isEmpty ? [folder] : languages.map { "\(folder)/\($0).txt" })
}
