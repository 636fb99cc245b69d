"""证照 and 资料 of the dossier: what an enterprise must hold and show, and what lapses when."""
