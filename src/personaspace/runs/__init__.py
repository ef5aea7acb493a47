"""The pipeline on a run folder, stage by stage."""
