<?php
header('content-type: application/json');
echo json_encode(['hello' => 'php', 'month' => array_sum(range(1, 12))]);
