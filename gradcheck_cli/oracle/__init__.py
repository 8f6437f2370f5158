"""Truth: what a gradient, tangent or Jacobian really is, with an error bar."""
